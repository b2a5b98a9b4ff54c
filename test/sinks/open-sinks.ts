import { systemClock as clock, systemTimers as timers } from '../../src/clock.ts';
import { systemResolve } from '../../src/egress/lookup.ts';
import { egressTransport } from '../../src/egress/transport.ts';
import { FileAccess } from '../../src/file-access.ts';
import { createLog } from '../../src/observe/log.ts';
import { Registry } from '../../src/observe/prometheus.ts';
import { Disk } from '../../src/sinks/disk.ts';
import type { HttpSinkPorts } from '../../src/sinks/http-sinks.ts';
import { createSinkMetrics } from '../../src/sinks/sink-metrics.ts';
import { startedOf } from '../../src/sinks/spool-folder.ts';

export interface TestPorts {
  readonly ports: HttpSinkPorts;
  readonly lines: string[];
  /** Of a counter or gauge, by the labels given. */
  readonly value: (name: string, labels?: Readonly<Record<string, string>>) => Promise<number>;
}

/** What sinks are given in production, but for logs and metrics, which a test looks at. */
export function testPorts(): TestPorts {
  const registry = new Registry();
  const lines: string[] = [];
  const none = { problemOf: () => undefined, problemOfAddress: () => undefined };
  return {
    lines,
    ports: {
      transport: egressTransport({ variables: {}, rules: none, resolve: systemResolve(), timers }),
      disk: new Disk(new FileAccess(5000)),
      clock,
      timers,
      random: () => 0,
      log: createLog('debug', { write: (line) => void lines.push(line) }, () => clock.now()),
      metrics: createSinkMetrics(registry),
    },
    async value(name, labels = {}) {
      const metrics = await registry.getMetricsAsJSON();
      const values = metrics.find((metric) => metric.name === name)?.values ?? [];
      const wanted = Object.entries(labels);
      return values
        .filter(({ labels: own }) => wanted.every(([label, value]) => own[label] === value))
        .reduce((sum, { value }) => sum + value, 0);
    },
  };
}

export const owner = { pid: process.pid, started: (await startedOf(process.pid)) ?? '', host: 'here' };
