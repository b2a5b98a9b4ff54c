import { systemClock, systemTimers } from '../clock.ts';
import type { FlagValues } from '../flags.ts';
import { productVersion } from '../product.ts';
import type { Tracing } from '../tracing/open.ts';
import type { Reporting } from './reporting.ts';
import type { tracingFlags } from './tracing-flags.ts';

const TRACES_PATH = '/v1/traces';

/** Loads nothing unless Checks are traced. */
export async function tracingOf(
  { tracesOtlp, tracesSample, nodeId }: FlagValues<typeof tracingFlags> & { readonly nodeId: string | undefined },
  environment: NodeJS.ProcessEnv,
  { metrics, log }: Pick<Reporting, 'metrics' | 'log'>,
  store: string,
): Promise<Tracing | undefined> {
  if (tracesOtlp === undefined) return undefined;
  const url = new URL(tracesOtlp);
  if (url.pathname === '/') url.pathname = TRACES_PATH;
  const { openTracing } = await import('../tracing/open.ts');
  return openTracing({
    url: url.href,
    ratio: tracesSample,
    environment,
    registry: metrics.registry,
    clock: systemClock,
    timers: systemTimers,
    random: Math.random,
    version: productVersion(),
    store,
    node: nodeId,
    tell: (level, message, detail) => log[level](message, { url: url.origin, detail }),
  });
}
