import { fieldOf, isOf, messagesBelow, partOf, partsOf, textOf } from './envoy-value.ts';
import type { Part } from './envoy-value.ts';
import { inspectEnvoyGateway, isOfEnvoyGateway } from './inspect-envoy-gateway.ts';
import { inspectIstio, isLogTelemetry } from './inspect-istio.ts';
import { destinationOf, loggerRemarks, streamsTo } from './logger-remarks.ts';
import type { Inspected, Remark } from './logger-remarks.ts';

const ADD = 'ostiary generate bootstrap --access-log prints the logger';

/**
 * Finds who asks ostiary, and whether the access log comes to it: in a bootstrap, what `/config_dump` or a file of
 * listeners has, Istio's EnvoyFilters, its AuthorizationPolicies with their Telemetry, and its mesh configuration; of
 * Envoy Gateway, SecurityPolicies and the EnvoyProxies.
 * @param roots the documents of one file
 * @returns for each of them
 */
export function inspectEnvoy(roots: readonly Part[]): readonly Inspected[] {
  const isLogged = roots.some((root) => [...messagesBelow(root)].some(isLogTelemetry));
  return roots.map((root) => inspectRoot(root, roots, isLogged));
}

function inspectRoot(root: Part, roots: readonly Part[], isLogged: boolean): Inspected {
  const sums = { asking: 0, logging: 0 };
  const remarks: Remark[] = [];
  const add = (found: Inspected): void => {
    sums.asking += found.asking;
    sums.logging += found.logging;
    remarks.push(...found.remarks);
  };
  const isWhole = (part: Part): boolean => isOf(part, 'HttpConnectionManager') || isEnvoyFilter(part);
  for (const part of messagesBelow(root, (each) => !isWhole(each))) {
    if (isWhole(part)) add(inspectScope(part));
    else if (isOfEnvoyGateway(part)) add(inspectEnvoyGateway(part, roots));
    else add(inspectIstio(part, isLogged));
  }
  return { ...sums, remarks };
}

function isEnvoyFilter(part: Part): boolean {
  return textOf(part, 'kind') === 'EnvoyFilter';
}

/** One connection manager, or one EnvoyFilter: its loggers are of all its requests. */
function inspectScope(scope: Part): Inspected {
  const within = [...messagesBelow(scope)];
  const filters = within.filter((part) => isOf(part, 'ExtAuthz'));
  const remarks: Remark[] = [];
  let [asking, logging] = [0, 0];
  for (const filter of filters) {
    remarks.push(...filterRemarks(filter));
    const destination = destinationOf(partOf(filter, 'grpc_service'));
    if (destination === '') continue;
    asking += 1;
    const loggers = within
      .flatMap((part) => partsOf(part, 'access_log'))
      .filter((each) => streamsTo(each, destination));
    if (loggers.length > 0) logging += 1;
    if (loggers.length > 0) for (const each of loggers) remarks.push(...loggerRemarks(each));
    else remarks.push(...missing(filter, scope, within, destination));
  }
  if (filters.length > 0)
    remarks.push(...within.filter((part) => isOf(part, 'ExtAuthzPerRoute')).flatMap(routeRemarks));
  return { asking, logging, remarks };
}

/** Why no logger comes to whom this filter asks. */
function missing(filter: Part, scope: Part, within: readonly Part[], destination: string): readonly Remark[] {
  const misplaced = within
    .flatMap((part) => partsOf(part, 'upstream_log'))
    .find((each) => streamsTo(each, destination));
  if (misplaced !== undefined) {
    const message = `logs the upstream's side, whose entries do not count: move it to access_log of the HTTP connection manager`;
    return [{ path: misplaced.path, message }];
  }
  const tcp = within
    .flatMap((part) => partsOf(part, 'access_log'))
    .map((logger) => partOf(logger, 'typed_config'))
    .find((config) => config !== undefined && isOf(config, 'TcpGrpcAccessLogConfig'));
  if (tcp !== undefined) {
    const message =
      'is the logger of TCP connections: requests need HttpGrpcAccessLogConfig (envoy.access_loggers.http_grpc)';
    return [{ path: [...tcp.path, '@type'], message }];
  }
  const lost = `so how requests end is not counted: ${ADD}`;
  if (isEnvoyFilter(scope)) {
    const message = `asks ${JSON.stringify(destination)}, and no patch streams the access log there, ${lost.replace('bootstrap', 'envoyfilter')}`;
    return [{ path: filter.path, message }];
  }
  const { path } = fieldOf(scope, 'access_log');
  return [
    { path, message: `has no logger that streams to ${JSON.stringify(destination)}, which is asked here, ${lost}` },
  ];
}

function* filterRemarks(filter: Part): Generator<Remark> {
  if (partOf(filter, 'http_service') !== undefined) {
    const message =
      'asks over HTTP: such answers carry no id, so how requests end can not be told. Ask by grpc_service';
    yield { path: fieldOf(filter, 'http_service').path, message };
  }
  const open = fieldOf(filter, 'failure_mode_allow');
  if (open.value === true)
    yield { path: open.path, message: 'lets every request pass while ostiary does not answer: set false' };
}

function routeRemarks(route: Part): readonly Remark[] {
  const { value, path } = fieldOf(route, 'disabled');
  const message = 'requests of these routes pass without a decision, and are counted as unchecked';
  return value === true ? [{ path, message }] : [];
}
