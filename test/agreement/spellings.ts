import fc from 'fast-check';
import type { WireRequest } from './wire-client.ts';

/** Written apart, to be seen at a glance. */
function words(text: string): readonly string[] {
  return text.split(/\s+/).filter((word) => word !== '');
}

function mostly(plain: readonly string[], odd: readonly string[], weight: number): fc.Arbitrary<string> {
  return fc.oneof({ weight, arbitrary: fc.constantFrom(...plain) }, { weight: 1, arbitrary: fc.constantFrom(...odd) });
}

const hostNames = [
  ...words('public.example.com PUBLIC.example.com a.wild.example.com wild.example.com ported.example.com'),
  ...words('elsewhere.example.org 127.0.0.1 [::1]'),
  '',
];
const hostEnds = [
  ...words('. .. .:80 ..:80 : :0 :80 :8080 :080 :00080 :65535 :65536 :4294967296 :80:80 :8080:8080 :80. :x :-1 :+80'),
  ...words('%2e %00 / ?x #x ,elsewhere.example.org @elsewhere.example.org :80@elsewhere.example.org ;x'),
  ...words(String.raw`\ .wild.example.com ] ~`),
  ': 80',
  ':80 ',
  ' ',
  '\t',
  '\0',
];
const hostStarts = [...words('user@ user:secret@ . *. http:// elsewhere.example.org, [ xn--'), ' '];

const host = fc
  .tuple(mostly([''], hostStarts, 10), fc.constantFrom(...hostNames), mostly([''], hostEnds, 1))
  .map((parts) => parts.join(''));

const decent = words('orders admin secret projects x v2 my%20caf%C3%A9 orders;a .. ;x');
const odd = [
  ...words('my%20caf%c3%a9 group%2Fapp ORDERS o%72ders %6frders %6Frders order%73 orders% orders%20 orders%00'),
  ...words('orders%0a ordersadmin orders.. orders. . ... %2e %2e%2e .%2E %252e%252e ..; ..;x .; ; ;v=1 orders;'),
  ...words('orders;a=/admin orders%3B orders%3ba %3Bx admin;x %61dmin adm%69n; v2;x %762 %2f %2F %2fadmin ..%2fadmin'),
  ...words('orders%2fv2 ..%2forders %5c ..%5cadmin %3F %3f.. orders%3F %23 orders%23 # orders# %25 %252f %255c'),
  ...words('%u002f %c0%af %c0%ae %ff é * @ :80 ~ %7e + , | {x} " < > %E2%80%AE %ef%bc%8f'),
  ...words(String.raw`orders\admin \ \..\admin`),
  '',
  '\t',
  '\u007f',
  '\u00a0',
];
const oddSeparators = [...words(String.raw`// /// /./ /x/../ /%2e/ \ %2f %2F /;/ /..;/ ? ?/../ #/`), ''];
const known = [
  ...words('/orders /orders/v2 /orders/admin /projects /projects/admin /my%20caf%C3%A9 / /secret'),
  ...words('/ordersadmin /orders../admin /projectsadmin'),
  '',
];
const afterPath = words('? ?x=1 ?/../admin ?a?b ?%2f.. ; #x');

const walk = fc
  .array(fc.tuple(mostly(['/'], oddSeparators, 2), mostly(decent, odd, 1)), { minLength: 1, maxLength: 5 })
  .map((steps) => steps.flat().join(''));
const path = fc.oneof(
  { weight: 4, arbitrary: fc.tuple(fc.constantFrom(...known), walk).map((parts) => parts.join('')) },
  { weight: 2, arbitrary: fc.tuple(walk, fc.constantFrom(...known)).map((parts) => parts.join('')) },
  { weight: 1, arbitrary: fc.constantFrom(...known) },
  {
    weight: 1,
    arbitrary: fc.tuple(fc.constantFrom(...known), fc.constantFrom(...afterPath)).map((parts) => parts.join('')),
  },
);
/** Absolute forms name another host than `Host`, or the same in another spelling. */
const target = fc.oneof(
  { weight: 8, arbitrary: path },
  {
    weight: 1,
    arbitrary: fc
      .tuple(fc.constantFrom('http', 'HTTP', 'https'), host, path)
      .map(([scheme, at, rest]) => `${scheme}://${at}${rest}`),
  },
  {
    weight: 1,
    arbitrary: fc.constantFrom('*', 'orders', '//orders', 'orders/admin', 'public.example.com:80', '?', ';'),
  },
);

/** Headers that ostiary owns, in every spelling, and the one that a rule looks at. */
const sign = fc.constantFrom('-', '-', '_', '.', '!', '#', '$', '%', '&', "'", '*', '+', '^', '`', '|', '~');
const owned = fc
  .tuple(fc.constantFrom(['client', 'id'], ['client', 'name'], ['tier']), sign, sign, sign, fc.boolean())
  .map(([rest, one, two, three, upper]) => {
    const name = `x${one}ostiary${two}${rest.join(three)}`;
    return [upper ? name.toUpperCase() : name, 'forged'] as const;
  });
const environment = fc
  .constantFrom('prod', 'prod', ' prod', 'dev', '', 'prod,dev', 'dev, prod', 'dev,prod,', 'prod ', 'Prod')
  .map((value) => ['x-env', value] as const);
const other = fc.constantFrom(
  ['x-forwarded-host', 'public.example.com'] as const,
  ['x-original-url', '/orders'] as const,
  ['x-envoy-original-path', '/orders'] as const,
  ['x-rewrite-url', '/orders'] as const,
  ['x-http-method-override', 'OPTIONS'] as const,
  ['test-decided-api', 'private'] as const,
  ['test_decided_api', 'private'] as const,
  ['ostiary.api', 'public'] as const,
  ['x-forwarded-for', '10.0.0.1'] as const,
);
const headers = fc.array(fc.oneof(owned, owned, environment, environment, other), { maxLength: 4 });

/** Requests without credentials, each spelled to be routed as something else than it is judged as. */
export const hostileRequest: fc.Arbitrary<WireRequest> = fc.record({
  protocol: fc.constantFrom('http1' as const, 'http1' as const, 'http2' as const),
  method: fc.constantFrom('GET', 'GET', 'GET', 'POST', 'HEAD', 'OPTIONS', 'DELETE', 'CONNECT', 'get'),
  target,
  host,
  headers,
});
