/** Lines around a change. */
const CONTEXT = 3;
/** Of more lines than this, the difference is shown without looking for what they have in common. */
const MOST_COMPARED = 4000;

type Edit = { readonly sign: ' ' | '-' | '+'; readonly line: string };

/**
 * What differs between two texts, in the unified format of `diff -u`; empty where nothing does.
 * @param before no lines: it was not there
 */
export function lineDiff(name: string, before: readonly string[], after: readonly string[]): string {
  const edits = editsOf(before, after);
  const hunks = hunksOf(edits);
  if (hunks.length === 0) return '';
  const from = before.length === 0 ? '/dev/null' : name;
  const to = after.length === 0 ? '/dev/null' : name;
  return `--- ${from}\n+++ ${to}\n${hunks.join('')}`;
}

/** The longest common subsequence, by the table that every textbook has. */
function editsOf(before: readonly string[], after: readonly string[]): readonly Edit[] {
  let start = 0;
  while (start < before.length && start < after.length && before[start] === after[start]) start += 1;
  let [endBefore, endAfter] = [before.length, after.length];
  while (endBefore > start && endAfter > start && before[endBefore - 1] === after[endAfter - 1]) {
    endBefore -= 1;
    endAfter -= 1;
  }
  const same = (line: string): Edit => ({ sign: ' ', line });
  return [
    ...before.slice(0, start).map(same),
    ...middle(before.slice(start, endBefore), after.slice(start, endAfter)),
    ...before.slice(endBefore).map(same),
  ];
}

function middle(before: readonly string[], after: readonly string[]): readonly Edit[] {
  const width = after.length + 1;
  if (before.length + after.length > MOST_COMPARED) return replaced(before, after);
  const lengths = new Uint32Array((before.length + 1) * width);
  for (let i = before.length - 1; i >= 0; i--) {
    for (let j = after.length - 1; j >= 0; j--) {
      const at = i * width + j;
      lengths[at] =
        before[i] === after[j]
          ? (lengths[at + width + 1] as number) + 1
          : Math.max(lengths[at + width] as number, lengths[at + 1] as number);
    }
  }
  const edits: Edit[] = [];
  let [i, j] = [0, 0];
  while (i < before.length && j < after.length) {
    const at = i * width + j;
    if (before[i] === after[j]) {
      edits.push({ sign: ' ', line: before[i] as string });
      i += 1;
      j += 1;
    } else if ((lengths[at + width] as number) >= (lengths[at + 1] as number)) {
      edits.push({ sign: '-', line: before[i] as string });
      i += 1;
    } else {
      edits.push({ sign: '+', line: after[j] as string });
      j += 1;
    }
  }
  return [...edits, ...replaced(before.slice(i), after.slice(j))];
}

function replaced(before: readonly string[], after: readonly string[]): readonly Edit[] {
  return [...before.map((line): Edit => ({ sign: '-', line })), ...after.map((line): Edit => ({ sign: '+', line }))];
}

function hunksOf(edits: readonly Edit[]): readonly string[] {
  const hunks: string[] = [];
  let at = 0;
  while (at < edits.length) {
    const first = edits.findIndex(({ sign }, index) => index >= at && sign !== ' ');
    if (first < 0) break;
    let last = first;
    for (let index = first; index < edits.length && index <= last + 2 * CONTEXT; index++) {
      if (edits[index]?.sign !== ' ') last = index;
    }
    const [start, end] = [Math.max(at, first - CONTEXT), Math.min(edits.length, last + CONTEXT + 1)];
    hunks.push(hunk(edits, start, end));
    at = end;
  }
  return hunks;
}

function hunk(edits: readonly Edit[], start: number, end: number): string {
  const count = (from: number, to: number, sign: '-' | '+'): number =>
    edits.slice(from, to).filter((edit) => edit.sign === ' ' || edit.sign === sign).length;
  const range = (sign: '-' | '+'): string => {
    const [skipped, length] = [count(0, start, sign), count(start, end, sign)];
    return `${sign}${length === 0 ? skipped : skipped + 1},${length}`;
  };
  const lines = edits.slice(start, end).map(({ sign, line }) => `${sign}${line}\n`);
  return `@@ ${range('-')} ${range('+')} @@\n${lines.join('')}`;
}
