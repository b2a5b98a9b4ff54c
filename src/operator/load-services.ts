import { setImmediate as pause } from 'node:timers/promises';

/**
 * The modules of the API and of reflection, loaded one at a time: loading all at once at the first call would delay
 * Envoy's Checks by as much as its default time-out.
 */
const parts: readonly (() => Promise<unknown>)[] = [
  () => import('@bufbuild/protobuf'),
  () => import('@bufbuild/protobuf/wkt'),
  () => import('../../gen/validate/validate_pb.js'),
  () => import('../../gen/envoy/config/core/v3/base_pb.js'),
  () => import('../../gen/envoy/service/auth/v3/external_auth_pb.js'),
  () => import('../../gen/envoy/service/accesslog/v3/als_pb.js'),
  () => import('./services.ts'),
  () => import('../grpc/reflection-answers.ts'),
];

const apiParts: readonly (() => Promise<unknown>)[] = [
  () => import('@connectrpc/connect'),
  () => import('@connectrpc/connect-node'),
  () => import('./connect.ts'),
  () => import('./inspection.ts'),
  () => import('./analytics.ts'),
  () => import('./probe.ts'),
];

/** Descriptors of all services. */
export async function loadServices() {
  await loadInParts(parts);
  return import('./services.ts');
}

/** The modules that serve the API. */
export async function loadApi() {
  const services = await loadServices();
  await loadInParts(apiParts);
  const [connect, inspection, analytics, probe] = await Promise.all([
    import('./connect.ts'),
    import('./inspection.ts'),
    import('./analytics.ts'),
    import('./probe.ts'),
  ]);
  return { ...services, ...connect, ...inspection, ...analytics, ...probe };
}

async function loadInParts(loading: readonly (() => Promise<unknown>)[]): Promise<void> {
  for (const load of loading) {
    await load();
    await pause();
  }
}
