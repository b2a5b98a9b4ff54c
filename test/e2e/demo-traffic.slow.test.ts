import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { questions } from '../../demo/traffic/questions.ts';
import { widthOf } from '../../src/cli/analytics/shown.ts';
import { partOrSkip } from '../real/parts.ts';
import { startProcess } from '../real/process.ts';

const envoy = await partOrSkip('envoy');
const demo = join(import.meta.dirname, '../../demo/demo.ts');

describe.skipIf(envoy === undefined)('the demo of traffic', () => {
  test('asks about the hour, and gets what the callers saw', async () => {
    const played = await startProcess(process.execPath, [demo, '--traffic', '--run', '--seconds', '12']);
    const code = await played.exited;
    const output = played.output();
    expect([code, output]).toEqual([0, expect.stringContaining('Every answer agrees with what the callers saw.')]);
    // A terminal of a hundred columns.
    expect(output.split('\n').filter((line) => widthOf(line) > 100)).toEqual([]);
    expect(output.match(/^\$ ostiary analytics /gm)).toHaveLength(questions.length);
  }, 180_000);
});
