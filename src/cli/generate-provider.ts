import { UserError } from '../errors.ts';
import { customPolicy, meshConfig, meshTlsRule } from '../generate/extension-provider.ts';
import type { Whose } from '../generate/target.ts';
import { accessLogTelemetry } from '../generate/telemetry.ts';
import type { GenerateFlags } from './generate-flags.ts';
import { hostAndPort, nameOf, spiffeIdOf, whoseOf } from './generate-options.ts';

/**
 * For proxies that balance by endpoints: a headless service is an ORIGINAL_DST cluster in Istio's sidecars, which
 * reaches nobody.
 */
export const SERVICE_ADDRESS = 'ostiary.ostiary.svc.cluster.local:9191';

/**
 * The resources for Istio: the policy, the access log, and TLS.
 * @throws UserError
 */
export function providerDocuments(flags: GenerateFlags): readonly object[] {
  const whose = whoseOf(flags, ['Gateway', 'Service', 'ServiceEntry', 'GatewayClass']);
  const { namespace, provider, meshIdentity } = flags;
  const name = nameOf(flags, whose);
  const policies = [customPolicy({ name, namespace, provider, whose }), ...telemetryOf(flags, whose, name)];
  if (meshIdentity === '') return policies;
  return [...policies, meshTlsRule({ service: serviceHostOf(flags).host, identity: spiffeIdOf(meshIdentity) })];
}

/** @throws UserError */
function telemetryOf(
  { accessLog, placement, namespace, provider, target, logProvider }: GenerateFlags,
  whose: Whose,
  name: string,
): readonly object[] {
  if (placement !== 'sidecar' && (!accessLog || whose.by === 'target')) {
    const why = accessLog ? `with --target ${target}, which says it already` : 'without --access-log';
    throw new UserError(`--placement ${placement} has no effect ${why}`, 2);
  }
  if (logProvider.length > 0 && !accessLog) throw new UserError('--log-provider has no effect without --access-log', 2);
  if (!accessLog) return [];
  return [
    accessLogTelemetry({
      name,
      namespace,
      provider,
      whose,
      others: logProvider,
      inboundOnly: whose.by === 'labels' && placement === 'sidecar',
    }),
  ];
}

/** @throws UserError */
export function meshConfigOf(flags: GenerateFlags): object {
  const { provider, timeout: timeoutMs, requestBody: requestBodyBytes, accessLog } = flags;
  const { host: service, port } = serviceHostOf(flags);
  return meshConfig({ provider, service, port, timeoutMs, requestBodyBytes, accessLog });
}

/** Istio balances over the endpoints of a Service that has an address. @throws UserError */
function serviceHostOf(flags: GenerateFlags): { host: string; port: number } {
  const address = hostAndPort(flags.ostiary || SERVICE_ADDRESS, '--ostiary');
  if (!/^[^.]+-headless(\.|$)/.test(address.host)) return address;
  throw new UserError(
    `--ostiary is ${JSON.stringify(flags.ostiary)}: sidecars can't reach a headless Service by an extension provider (503 for all); give the one with an address, ${SERVICE_ADDRESS}`,
    2,
  );
}
