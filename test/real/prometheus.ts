import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { realPart } from './parts.ts';
import { startProcess, untilReady } from './process.ts';
import { freePort, scratchFolder } from './scratch.ts';

/** A real Prometheus that scrapes loopback targets. */
export interface RealPrometheus {
  readonly url: string;
  /** The value of each series of an instant query. */
  query(expression: string): Promise<readonly Sample[]>;
  stop(): Promise<void>;
}

export interface Sample {
  readonly labels: Readonly<Record<string, string>>;
  readonly value: number;
}

/**
 * @param targets such as `127.0.0.1:9190`, scraped at `/metrics` every second
 * @param rules the path of a file of rules, evaluated every second
 * @throws PartMissing
 */
export async function startPrometheus(targets: readonly string[], rules?: string): Promise<RealPrometheus> {
  const program = await realPart('prometheus');
  const folder = scratchFolder('prom');
  const file = join(folder, 'prometheus.json');
  const jobs = [{ job_name: 'ostiary', scrape_interval: '1s', static_configs: [{ targets }] }];
  // YAML is a superset of JSON.
  writeFileSync(
    file,
    JSON.stringify({
      global: { evaluation_interval: '1s' },
      scrape_configs: jobs,
      rule_files: rules === undefined ? [] : [rules],
    }),
  );
  const port = await freePort();
  const url = `http://127.0.0.1:${port}`;
  const prometheus = await startProcess(program, [
    `--config.file=${file}`,
    `--storage.tsdb.path=${join(folder, 'data')}`,
    `--web.listen-address=127.0.0.1:${port}`,
  ]);
  await untilReady('prometheus', prometheus, async () => (await fetch(`${url}/-/ready`)).ok);
  return {
    url,
    async query(expression) {
      const response = await fetch(`${url}/api/v1/query?query=${encodeURIComponent(expression)}`);
      const { data } = (await response.json()) as QueryAnswer;
      return data.result.map(({ metric, value }) => ({ labels: metric, value: Number(value[1]) }));
    },
    stop: () => prometheus.stop(),
  };
}

interface QueryAnswer {
  readonly data: {
    readonly result: readonly { readonly metric: Record<string, string>; readonly value: [number, string] }[];
  };
}
