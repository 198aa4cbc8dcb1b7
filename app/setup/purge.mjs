// Takes out of a sheet the rules whose classes no file of the panel names.
//   node app/setup/purge.mjs SHEET FILE...
import { writeFileSync } from "node:fs";
import { PurgeCSS } from "purgecss";

const [sheet, ...content] = process.argv.slice(2);
const [purged] = await new PurgeCSS().purge({ content, css: [sheet], keyframes: true, fontFace: true });
writeFileSync(sheet, purged.css);
