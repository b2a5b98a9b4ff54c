import { setImmediate as pause } from 'node:timers/promises';

/**
 * What the API and reflection need, a part at a time: loaded in one go at the first call they would hold up
 * Envoy's Checks for as long as its default time-out allows a Check to take.
 */
const parts: readonly (() => Promise<unknown>)[] = [
  () => import('@bufbuild/protobuf'),
  () => import('@bufbuild/protobuf/wkt'),
  () => import('../../gen/validate/validate_pb.js'),
  () => import('../../gen/envoy/config/core/v3/base_pb.js'),
  () => import('../../gen/envoy/service/auth/v3/external_auth_pb.js'),
  () => import('./services.ts'),
  () => import('../grpc/reflection-answers.ts'),
];

const apiParts: readonly (() => Promise<unknown>)[] = [
  () => import('@connectrpc/connect'),
  () => import('@connectrpc/connect-node'),
  () => import('./connect.ts'),
  () => import('./inspection.ts'),
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
  const [connect, inspection] = await Promise.all([import('./connect.ts'), import('./inspection.ts')]);
  return { ...services, ...connect, ...inspection };
}

async function loadInParts(loading: readonly (() => Promise<unknown>)[]): Promise<void> {
  for (const load of loading) {
    await load();
    await pause();
  }
}
