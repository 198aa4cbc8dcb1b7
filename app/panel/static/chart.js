// Draws each [data-chart]: {labels: [...], series: [{name, values}]}. Colours follow the theme.
"use strict";

document.addEventListener("DOMContentLoaded", () => {
  for (const place of document.querySelectorAll("[data-chart]")) {
    const data = JSON.parse(place.dataset.chart);
    const ink = getComputedStyle(document.body).color;
    const chart = echarts.init(place, null, { renderer: "svg" });
    chart.setOption({
      animation: false,
      textStyle: { color: ink },
      tooltip: { trigger: "axis", renderMode: "richText" },
      legend: { top: 0, textStyle: { color: ink } },
      grid: { left: 8, right: 8, top: 48, bottom: 8, containLabel: true },
      xAxis: { type: "category", data: data.labels, axisLabel: { color: ink } },
      yAxis: [
        { type: "value", axisLabel: { color: ink } },
        { type: "value", axisLabel: { color: ink, formatter: "{value} %" }, splitLine: { show: false } },
      ],
      series: data.series.map((series) => ({
        name: series.name,
        type: series.rate ? "line" : "bar",
        yAxisIndex: series.rate ? 1 : 0,
        data: series.values,
      })),
    });
    new ResizeObserver(() => chart.resize()).observe(place);
  }
});
