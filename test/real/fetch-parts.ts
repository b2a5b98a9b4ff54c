// `npm run parts [NAME …]`: obtains the real programs ahead of the tests, several at a time.
import { catalogue } from './catalogue.ts';
import type { PartName } from './catalogue.ts';
import { realPart } from './parts.ts';

const known = Object.keys(catalogue) as PartName[];
const asked = process.argv.slice(2);
const strange = asked.filter((name) => !known.includes(name as PartName));
if (strange.length > 0) {
  console.error(`no such part: ${strange.join(', ')}; there are: ${known.join(', ')}`);
  process.exit(2);
}

await Promise.all(
  (asked.length > 0 ? (asked as PartName[]) : known).map(async (name) => {
    const started = performance.now();
    try {
      const path = await realPart(name);
      console.log(`${name}: ${path} (${Math.round((performance.now() - started) / 1000)} s)`);
    } catch (error) {
      console.error(error instanceof Error ? error.message : error);
      process.exitCode = 1;
    }
  }),
);
