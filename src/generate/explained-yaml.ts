import { Document, isPair, isScalar, visit } from 'yaml';

/** The comments that explain settings, by the setting's name, or by its parent's name and its own. */
const REASONS: Readonly<Record<string, string>> = {
  failure_mode_allow: 'An ostiary that is away lets nobody in.',
  failOpen: 'An ostiary that is away lets nobody in.',
  status_on_error: 'Tells a failure from a denial: unset it is 403.',
  statusOnError: 'Tells a failure from a denial: unset it is 403.',
  'grpc_service.timeout':
    'Set in every case: the defaults run from 200 ms (Envoy) to 600 s (an Istio extension provider).',
  'extAuth.timeout': 'Set in every case: the defaults run from 200 ms (Envoy) to 600 s (an Istio extension provider).',
  'envoyExtAuthzGrpc.timeout':
    'Set in every case: the defaults run from 200 ms (Envoy) to 600 s (an Istio extension provider).',
  requestTimeout: 'Milliseconds; the default is 5 s.',
  retry_policy: 'A replica that went away a moment ago costs no request: a repeated Check is charged once.',
  encode_raw_headers: 'true: repeated headers and bytes that are not UTF-8 arrive as they were sent.',
  connection_keepalive: 'Finds dead connections, such as those to a node that has gone.',
  outlier_detection: 'A replica that fails three times in a row rests for two seconds.',
  health_checks: 'A replica that drains reports NOT_SERVING before it stops: traffic leaves it in time.',
  context_extensions: 'The API is a matter of the route, not of what the client wrote into host and path.',
  contextExtensions: 'The API is a matter of the route, not of what the client wrote into host and path.',
  normalize_path: 'Everybody sees one spelling of a path.',
  path_with_escaped_slashes_action:
    'A path with %2f or %5c is one to some and another to others: ostiary refuses it too.',
  strip_any_host_port: 'Domains are matched without the port, as ostiary matches hosts.',
  strip_trailing_host_dot: 'Domains are matched without a dot at the end, as ostiary matches hosts.',
  prefix: 'Routes of your own: path_separated_prefix, since the prefix /orders is the route of /orders-old too.',
  use_remote_address: 'Nobody outside may pretend to be a proxy of yours.',
  access_log: 'What ostiary decided, on allow and on deny.',
  buffer_size_bytes:
    'What Envoy gathers beyond this while it can not send is lost, and nobody is told; its own default is 16 KiB.',
  additional_request_headers_to_log:
    'Rare methods, the trace, and the workload that called: no header has a credential.',
  additional_response_headers_to_log: 'The status of a gRPC call that ended without a message.',
  additional_response_trailers_to_log: 'The status of a gRPC call is in its trailers.',
  NETWORK_FILTER: 'Added to the access logs that the mesh has: ostiary counts how requests have ended.',
  http_filters: 'ostiary is asked last, right before the request leaves.',
  targetRefs: 'Whose requests; the proxies of a Gateway have no labels that you choose.',
  priority: 'After EnvoyFilters that say nothing of it (0): what these change about a request is decided upon.',
  ROUTE_CONFIGURATION:
    'What is said of one route wins over it: ostiary.routes lets ostiary tell of routes that it never saw.',
  notMethods: 'No HTTP request is without a method; of TCP this denies everything.',
  transport_socket: "Nobody reads clients' secrets on the way, and nobody else answers in ostiary's place.",
  inline_string: 'An authority is not a secret. Another one: generate and apply again.',
  HTTP_FILTER: 'Right before the router: after everything with which Istio authenticates.',
  rules: 'Every request.',
  uri: 'h2: gRPC without TLS.',
};

/** YAML with a comment before each setting that {@link REASONS} knows, at its first place. */
export function explainedYaml(documents: readonly object[], heading: string): string {
  const explained = new Set<string>();
  const texts = documents.map((value) => {
    const document = new Document(value, { aliasDuplicateObjects: false });
    visit(document, {
      Pair(_, pair, ancestors) {
        if (!isScalar(pair.key)) return;
        const key = String(pair.key.value);
        const parent = ancestors.findLast((each) => isPair(each))?.key;
        const name = key === 'applyTo' && isScalar(pair.value) ? String(pair.value.value) : key;
        const found = [`${String(parent)}.${name}`, name].find((each) => REASONS[each] !== undefined);
        if (found === undefined || explained.has(found)) return;
        explained.add(found);
        pair.key.commentBefore = ` ${REASONS[found]}`;
      },
    });
    return document.toString({ lineWidth: 0, blockQuote: 'literal' });
  });
  const comment = heading.split('\n').map((line) => `# ${line}`.trimEnd());
  return `${comment.join('\n')}\n${texts.join('---\n')}`;
}
