// Fails when a file under `src/` imports what its room may not use. CONTRIBUTING.md has the table.
import { readdirSync, readFileSync } from 'node:fs';
import { dirname, join, relative } from 'node:path';

const root = join(import.meta.dirname, '..');

/** A name of the table: a room, a file of `src/`, or a file inside a room. */
function namesIn(cell: string): string[] {
  return [...cell.matchAll(/`([^`]+)`/g)].map(([, name = '']) =>
    name.replace(/\/$/, '').replace(/^([^/]+)\.ts$/, '$1'),
  );
}

/** By room, what its files may import beside each other. */
function readTable(): ReadonlyMap<string, ReadonlySet<string>> {
  const page = readFileSync(join(root, 'CONTRIBUTING.md'), 'utf8');
  const table = new Map<string, Set<string>>();
  const leaves: string[] = [];
  const ofLeaves: string[] = [];
  let isTable = false;
  for (const line of page.split('\n')) {
    const [, rooms = '', holds = '', uses = ''] = line.split('|').map((cell) => cell.trim());
    if (rooms === 'room') isTable = true;
    else if (!line.startsWith('|')) isTable = false;
    if (!isTable) continue;
    const above = [...table.keys()];
    for (const room of namesIn(rooms)) {
      const all = /\ball above\b/.test(uses) ? above : [];
      table.set(room, new Set([...namesIn(uses), ...all]));
      if (/^lea(?:f|ves)\b/.test(holds)) leaves.push(room);
      if (/\bleaves\b/.test(uses)) ofLeaves.push(room);
    }
  }
  for (const room of ofLeaves) for (const leaf of leaves) table.get(room)?.add(leaf);
  return table;
}

function roomOf(file: string): string {
  const [first = ''] = file.split('/');
  return first.replace(/\.ts$/, '');
}

const table = readTable();
const faults: string[] = [];
const src = join(root, 'src');
const files = readdirSync(src, { recursive: true, encoding: 'utf8' }).filter((name) => name.endsWith('.ts'));
for (const file of files) {
  const room = roomOf(file);
  const mayUse = table.get(room);
  if (mayUse === undefined) {
    faults.push(`src/${file}: the room ${room} is not in the table of CONTRIBUTING.md`);
    continue;
  }
  const text = readFileSync(join(src, file), 'utf8');
  for (const [, specifier = ''] of text.matchAll(/(?:\bfrom|\bimport\(|^import)\s*'(\.[^']+)'/gm)) {
    const target = relative(src, join(src, dirname(file), specifier));
    const other = roomOf(target);
    if (target.startsWith('..') || other === room || mayUse.has(other) || mayUse.has(target)) continue;
    faults.push(`src/${file}: the room ${room} may not use ${target}`);
  }
}
for (const room of table.keys()) {
  if (!files.some((file) => roomOf(file) === room)) faults.push(`CONTRIBUTING.md: there is no room ${room} in src/`);
}
if (table.size === 0) faults.push('CONTRIBUTING.md: no table of rooms was found');
for (const fault of faults) console.error(fault);
if (faults.length > 0) process.exitCode = 1;
