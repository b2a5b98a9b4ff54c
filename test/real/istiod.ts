import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { stringify } from 'yaml';
import { realPart } from './parts.ts';
import { startProcess, untilReady } from './process.ts';
import type { RealProcess } from './process.ts';
import { freePort, scratchFolder } from './scratch.ts';

/** Istio's control plane, fed by a real API server: proxies fetch their configuration from it. */
export interface RealIstiod extends RealProcess {
  /** Where proxies fetch it (xDS) in plain text, on every address of this machine. */
  readonly xdsPort: number;
}

/**
 * @param kubeconfig of the API server whose objects it reads
 * @param meshConfig Istio's mesh configuration, as in istiod's values
 * @throws PartMissing
 */
export async function startIstiod(kubeconfig: string, meshConfig: object): Promise<RealIstiod> {
  const file = join(scratchFolder('istiod'), 'mesh.yaml');
  writeFileSync(file, stringify(meshConfig));
  const xdsPort = await freePort();
  const httpPort = await freePort();
  const args = [
    'discovery',
    `--kubeconfig=${kubeconfig}`,
    `--meshConfig=${file}`,
    `--grpcAddr=:${xdsPort}`,
    `--httpAddr=127.0.0.1:${httpPort}`,
    `--monitoringAddr=127.0.0.1:${await freePort()}`,
    '--httpsAddr=',
    '--secureGRPCAddr=',
    '--ctrlz_port=0',
    '--log_output_level=default:warn',
  ];
  const env = {
    ...process.env,
    POD_NAME: 'istiod',
    POD_NAMESPACE: 'istio-system',
    ENABLE_CA_SERVER: 'false',
    PILOT_CERT_PROVIDER: 'none',
    // These filters are in Istio's own build of Envoy alone, and decide nothing.
    PILOT_ENABLE_ALPN_FILTER: 'false',
    PILOT_ENABLE_METADATA_EXCHANGE: 'false',
    PILOT_ENABLE_AMBIENT: 'true',
    PILOT_ENABLE_GATEWAY_API_DEPLOYMENT_CONTROLLER: 'false',
  };
  const istiod = await startProcess(await realPart('istiod'), args, { env });
  const ready = async () => (await fetch(`http://127.0.0.1:${httpPort}/ready`)).ok;
  await untilReady('istiod', istiod, ready, 60_000);
  return { ...istiod, xdsPort };
}
