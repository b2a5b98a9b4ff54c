import { join } from 'node:path';
import { bootstrap } from '../src/generate/bootstrap.ts';
import { startEnvoy } from '../test/real/envoy.ts';
import { startOstiary } from '../test/real/ostiary.ts';
import { startUpstream } from './upstream.ts';

/** A real Envoy, a small upstream and ostiary, on free ports of this machine. */
export interface Stage {
  /** Where Envoy listens. */
  readonly port: number;
  /** Where ostiary answers Checks. */
  readonly listen: string;
  readonly adminUrl: string;
  readonly apiUrl: string;
  stop(): Promise<void>;
}

/**
 * @param port where Envoy listens; 0: a free one
 * @throws PartMissing where there is no Envoy and none can be had
 */
export async function setStage(port: number): Promise<Stage> {
  const upstream = await startUpstream();
  const ostiary = await startOstiary({ policies: join(import.meta.dirname, '../policies') });
  const [host = '', ostiaryPort = ''] = ostiary.listen.split(':');
  const listener = {
    name: 'demo',
    host: '127.0.0.1',
    port,
    rawHeaders: false,
    normalizePath: true,
    api: undefined,
  };
  const envoy = await startEnvoy(
    bootstrap({
      ostiary: { kind: 'tcp', host, port: Number(ostiaryPort) },
      timeoutMs: 250,
      listeners: [listener],
      upstream: { host: '127.0.0.1', port: upstream.port },
    }),
  );
  return {
    port: envoy.port('demo'),
    listen: ostiary.listen,
    adminUrl: ostiary.adminUrl,
    apiUrl: ostiary.apiUrl,
    async stop() {
      await Promise.all([envoy.stop(), ostiary.stop(), upstream.close()]);
    },
  };
}
