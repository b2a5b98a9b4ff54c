import eventLoopLag from 'prom-client/lib/metrics/eventLoopLag.js';
import heapSizeAndUsed from 'prom-client/lib/metrics/heapSizeAndUsed.js';
import heapSpacesSizeAndUsed from 'prom-client/lib/metrics/heapSpacesSizeAndUsed.js';
import osMemoryHeap from 'prom-client/lib/metrics/osMemoryHeap.js';
import processHandles from 'prom-client/lib/metrics/processHandles.js';
import processMaxFileDescriptors from 'prom-client/lib/metrics/processMaxFileDescriptors.js';
import processOpenFileDescriptors from 'prom-client/lib/metrics/processOpenFileDescriptors.js';
import processRequests from 'prom-client/lib/metrics/processRequests.js';
import processResources from 'prom-client/lib/metrics/processResources.js';
import processStartTime from 'prom-client/lib/metrics/processStartTime.js';
import version from 'prom-client/lib/metrics/version.js';
import { Counter } from './prometheus.ts';
import type { Registry } from './prometheus.ts';

/**
 * The usual metrics of Node.js programs, under the names that dashboards expect, except the histogram of garbage
 * collections: it costs an eighth of a Check.
 */
export function registerProcessMetrics(registry: Registry): void {
  for (const register of [
    processStartTime,
    osMemoryHeap,
    processOpenFileDescriptors,
    processMaxFileDescriptors,
    eventLoopLag,
    processResources,
    processHandles,
    processRequests,
    heapSizeAndUsed,
    heapSpacesSizeAndUsed,
    version,
  ]) {
    register(registry);
  }
  registerCpuTime(registry);
  // Gauges whose names say counter; the same numbers are in `nodejs_active_handles` and its like.
  for (const kind of ['handles', 'requests', 'resources']) registry.removeSingleMetric(`nodejs_active_${kind}_total`);
}

/** Written here since prom-client's loads OpenTelemetry's API for exemplars. */
function registerCpuTime(registry: Registry): void {
  const families = {
    user: ['process_cpu_user_seconds_total', 'Total user CPU time spent in seconds.'],
    system: ['process_cpu_system_seconds_total', 'Total system CPU time spent in seconds.'],
    all: ['process_cpu_seconds_total', 'Total user and system CPU time spent in seconds.'],
  } as const;
  for (const [kind, [name, help]] of Object.entries(families)) {
    const counter = new Counter({
      name,
      help,
      registers: [],
      collect() {
        const { user, system } = process.cpuUsage();
        const microseconds = kind === 'user' ? user : kind === 'system' ? system : user + system;
        this.reset();
        this.inc(microseconds / 1e6);
      },
    });
    registry.registerMetric(counter);
  }
}
