// Takes out of a sheet the rules whose classes no file of the panel names. Attributes are set by scripts: none is judged.
//   node app/setup/purge.mjs SHEET FILE...
import { readFileSync, writeFileSync } from "node:fs";
import { PurgeCSS } from "purgecss";

const [sheet, ...content] = process.argv.slice(2);
const dynamicAttributes = [...readFileSync(sheet, "utf8").matchAll(/\[([\w-]+)/g)].map((found) => found[1]);
const [purged] = await new PurgeCSS().purge({ content, css: [sheet], keyframes: true, fontFace: true, dynamicAttributes });
writeFileSync(sheet, purged.css);
