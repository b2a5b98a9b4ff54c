import { expect, test } from 'vitest';
import { textLines } from '../src/text-lines.ts';

async function linesOf(text: string, size: number): Promise<readonly string[]> {
  const bytes = Buffer.from(text);
  async function* pieces(): AsyncGenerator<Buffer> {
    for (let at = 0; at < bytes.length; at += size) yield bytes.subarray(at, at + size);
  }
  const lines: string[] = [];
  for await (const line of textLines(pieces())) lines.push(line);
  return lines;
}

test.each([1, 2, 3, 7, 1000])('only a line feed ends a line, in pieces of %d octets', async (size) => {
  const lines = ['a', '', 'x\u2028y\u2029z\u0085\u000b\u000c\rq', 'ü\u{1f600}', 'last'];
  expect(await linesOf(lines.join('\n'), size)).toEqual(lines);
  expect(await linesOf(`${lines.join('\n')}\n`, size)).toEqual(lines);
  expect(await linesOf('', size)).toEqual([]);
});
