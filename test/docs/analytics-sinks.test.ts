import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { openOtlpSink } from '../../src/sinks/http-sinks.ts';
import { partOrSkip } from '../real/parts.ts';
import { startProcess, untilReady } from '../real/process.ts';
import { freePort, scratchFolder } from '../real/scratch.ts';
import { madeEvent } from '../sinks/made-event.ts';
import { testPorts } from '../sinks/open-sinks.ts';
import { fencedBlocks, readPage } from './pages.ts';

const otelcol = await partOrSkip('otelcol');

test.skipIf(otelcol === undefined)(
  'a real Collector runs with the configuration of the page, and takes an event',
  async () => {
    const [block = ''] = fencedBlocks(await readPage('docs/analytics-sinks.md'), 'yaml');
    const [folder, port] = [scratchFolder('otel'), await freePort()];
    const output = join(folder, 'events.json');
    const config = block
      .replace('127.0.0.1:4318', `127.0.0.1:${port}`)
      .replace('/tmp/ostiary-events.json', output)
      // Its own metrics would be on a port that another Collector may have.
      .replace('service:\n', 'service:\n  telemetry: { metrics: { level: none } }\n');
    expect(config).toContain(output);
    const file = join(folder, 'collector.yaml');
    writeFileSync(file, config);
    const env = { ...process.env, EVENTS_TOKEN: 'a-token' };
    const collector = await startProcess(otelcol ?? '', ['--config', `file:${file}`], { env });
    const url = `http://127.0.0.1:${port}/v1/logs`;
    await untilReady('otelcol', collector, async () => (await fetch(url)).status > 0);
    const { ports, value } = testPorts();
    const headers = async () => ({ authorization: 'Bearer a-token' });
    const origin = { version: '1', node: 'n' };
    const sink = await openOtlpSink({ url, headers, spool: undefined, origin }, ports);
    sink.take(madeEvent({ id: 'the-event' }));
    await sink.close(10_000);
    expect(await value('ostiary_events_sent_total')).toBe(1);
    await collector.stop();
    expect(readFileSync(output, 'utf8')).toContain('the-event');
  },
);
