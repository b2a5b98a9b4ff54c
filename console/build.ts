// Builds the console: one page, its scripts and one style sheet, each file named by its content. Sizes are told.
//   node console/build.ts [FOLDER] [--if-changed]
import { createHash } from 'node:crypto';
import { mkdirSync, readdirSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { gzipSync } from 'node:zlib';
import { rolldown } from 'rolldown';
import { buildReference } from './build-reference.ts';

const here = import.meta.dirname;
const sources = join(here, 'src');
const isOnlyIfChanged = process.argv.includes('--if-changed');
const folder = process.argv.slice(2).find((word) => !word.startsWith('--')) ?? join(here, 'dist');
const stamp = join(folder, 'built-from');

/** Of every source, and of what is bundled with them. */
function digestOfSources(): string {
  const hash = createHash('sha256');
  const files = readdirSync(sources, { recursive: true, encoding: 'utf8' }).map((name) => join(sources, name));
  const others = [join(here, 'build.ts'), join(here, 'index.html'), join(here, '..', 'package-lock.json')];
  for (const file of [...others, ...files.sort()]) {
    if (statSync(file).isFile()) hash.update(`${file.slice(here.length)}\0`).update(readFileSync(file));
  }
  return hash.digest('hex');
}

function isBuiltFrom(digest: string): boolean {
  try {
    return readFileSync(stamp, 'utf8') === digest;
  } catch {
    return false;
  }
}

function styleSheet(): string {
  const style = join(sources, 'style');
  const own = readdirSync(style)
    .filter((name) => name.endsWith('.css'))
    .sort()
    .map((name) => readFileSync(join(style, name), 'utf8'));
  const chart = readFileSync(join(here, '..', 'node_modules', 'uplot', 'dist', 'uPlot.min.css'), 'utf8');
  return [chart, ...own].join('\n');
}

const digest = digestOfSources();
if (!isOnlyIfChanged || !isBuiltFrom(digest)) {
  rmSync(folder, { recursive: true, force: true });
  const assets = join(folder, 'assets');
  mkdirSync(assets, { recursive: true });
  const bundle = await rolldown({
    input: { console: join(sources, 'main.tsx') },
    platform: 'browser',
    // Not by tsconfig.json: the image is built without the one that it extends.
    transform: { target: 'es2023', jsx: { runtime: 'automatic', importSource: 'preact' } },
    tsconfig: false,
  });
  const { output } = await bundle.write({
    dir: assets,
    format: 'esm',
    minify: true,
    entryFileNames: '[name]-[hash].js',
    chunkFileNames: '[name]-[hash].js',
  });
  const entry = output.find((chunk) => chunk.type === 'chunk' && chunk.isEntry)?.fileName;
  const css = styleSheet();
  const sheet = `console-${createHash('sha256').update(css).digest('base64url').slice(0, 8)}.css`;
  writeFileSync(join(assets, sheet), css);
  const page = readFileSync(join(here, 'index.html'), 'utf8')
    .replace('{{style}}', `/assets/${sheet}`)
    .replace('{{script}}', `/assets/${entry}`);
  writeFileSync(join(folder, 'index.html'), page);
  await buildReference(folder);
  writeFileSync(stamp, digest);
  for (const name of readdirSync(assets).sort()) {
    const content = readFileSync(join(assets, name));
    const kilobytes = (bytes: number): string => (bytes / 1000).toFixed(1).padStart(8);
    console.log(`${kilobytes(content.length)} kB ${kilobytes(gzipSync(content).length)} kB gzipped  ${name}`);
  }
}
