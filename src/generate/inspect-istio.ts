import { LOGGED } from './access-logger.ts';
import { numberOf, partOf, partsOf, textOf } from './envoy-value.ts';
import type { Part } from './envoy-value.ts';
import { headerRemarks } from './logger-remarks.ts';
import type { Inspected, Remark } from './logger-remarks.ts';

/** @param isLogged whether a Telemetry of the same file streams an access log */
export function inspectIstio(part: Part, isLogged: boolean): Inspected {
  const spec = partOf(part, 'spec');
  const provider = spec && partOf(spec, 'provider');
  if (textOf(part, 'kind') !== 'AuthorizationPolicy' || textOf(spec, 'action') !== 'CUSTOM' || provider === undefined)
    return inspectProviders(part);
  const message = `asks ${JSON.stringify(textOf(provider, 'name'))}, and no Telemetry of this file streams the access log, so how requests end is not counted: ostiary generate extension-provider --access-log prints it`;
  return { asking: 1, logging: isLogged ? 1 : 0, remarks: isLogged ? [] : [{ path: provider.path, message }] };
}

/** Whether it is a `Telemetry` that names whom proxies stream their access log to. */
export function isLogTelemetry(part: Part): boolean {
  const spec = partOf(part, 'spec');
  if (textOf(part, 'kind') !== 'Telemetry' || spec === undefined) return false;
  return partsOf(spec, 'accessLogging').some((each) => partsOf(each, 'providers').length > 0);
}

/** Istio's mesh configuration: each provider that asks needs one that logs, to the same service and port. */
function inspectProviders(part: Part): Inspected {
  const providers = partsOf(part, 'extensionProviders');
  const remarks: Remark[] = [];
  let [asking, logging] = [0, 0];
  for (const provider of providers) {
    const asks = partOf(provider, 'envoyExtAuthzGrpc');
    if (asks === undefined) continue;
    asking += 1;
    const log = providers.flatMap((each) => partOf(each, 'envoyHttpAls') ?? []).find((each) => isSamePlace(each, asks));
    if (log === undefined) {
      const message =
        `no provider with envoyHttpAls logs to ${textOf(asks, 'service')}, which is asked here, so how requests end is not counted: ` +
        'ostiary generate mesh-config --access-log prints it, and generate extension-provider --access-log the Telemetry that names it';
      remarks.push({ path: asks.path, message });
      continue;
    }
    logging += 1;
    remarks.push(
      ...headerRemarks(log, 'additionalRequestHeadersToLog', LOGGED.requestHeaders),
      ...headerRemarks(log, 'additionalResponseHeadersToLog', LOGGED.responseHeaders),
      ...headerRemarks(log, 'additionalResponseTrailersToLog', LOGGED.responseTrailers),
    );
  }
  return { asking, logging, remarks };
}

function isSamePlace(a: Part, b: Part): boolean {
  return textOf(a, 'service') === textOf(b, 'service') && numberOf(a, 'port') === numberOf(b, 'port');
}
