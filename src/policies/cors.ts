import { NO_EXTRAS } from '../policy/extras.ts';
import type { Extras } from '../policy/extras.ts';
import { FewByText } from '../policy/few-by-text.ts';
import { definePolicy } from '../policy/policy.ts';
import type { Grant, Outcome, Request } from '../policy/policy.ts';
import { compilePattern } from '../policy/rules.ts';
import type { ConditionSource } from '../policy/rules.ts';
import type { HeaderEntry } from '../request/header-entry.ts';
import { corsOptions, isOrigin, isPublic, looseDots, methodsOf } from './cors-options.ts';
import type { CorsOptions, OriginGroup } from './cors-options.ts';

declare module '../denial/denial.ts' {
  interface Reasons {
    preflight_refused: object;
  }
}

const PREFLIGHT_VARIES = 'Origin, Access-Control-Request-Method, Access-Control-Request-Headers';

const DIVIDED =
  "a preflight has the method OPTIONS and none of the request's headers, so that this would meet one and not the other: choose by path or host";

/** The most answers that are cached, since callers choose the origins. The most recent stay. */
const MOST_ORIGINS = 1024;

/** The parts of a condition that differ between a preflight and its request. */
function dividing(condition: ConditionSource): readonly (keyof ConditionSource)[] {
  return (['methods', 'headers', 'absentHeaders'] as const).filter((field) => condition[field] !== undefined);
}

/** Lets scripts of other origins call an API, by the protocol that browsers use (`docs/policies/cors.md`). */
export default definePolicy({
  name: 'cors',
  phase: 'access',
  summary: 'Answers CORS preflights, and tells browsers which origins may read the answers of an API',
  options: corsOptions,
  reasons: {
    preflight_refused: {
      httpStatus: 403,
      sentence: 'This origin may not make such a request.',
      headers: () => [['vary', PREFLIGHT_VARIES]],
      meaning: 'a CORS preflight of an origin, method or header that `cors` does not allow',
    },
  },
  warnings: ({ originGroups }) => {
    if (!Array.isArray(originGroups)) return [];
    return originGroups.flatMap((group: OriginGroup, index) =>
      (group.origins ?? []).flatMap((one, place) =>
        typeof one === 'string' || !looseDots(one.re2)
          ? []
          : [
              {
                path: ['originGroups', index, 'origins', place, 're2'],
                message: 'has a dot that stands for any character, so that hosts of strangers may match: write \\.',
              },
            ],
      ),
    );
  },
  ruleFaults: (rules, conditionReads) => {
    const places = rules.flatMap((rule, index) => [
      ...dividing(rule).map((field) => ['rules', index, field]),
      ...(rule.not ?? []).flatMap((one, at) => dividing(one).map((field) => ['rules', index, 'not', at, field])),
    ]);
    const dividesByCel = conditionReads.some(({ variable, field }) => {
      return variable === 'request' && (field === undefined || field === 'method' || field === 'headers');
    });
    if (dividesByCel) places.push(['when']);
    return places.map((path) => ({ path, message: DIVIDED }));
  },
  create(config) {
    const groups = isPublic(config)
      ? [publicGroup(config)]
      : config.originGroups.map((group) => compiled(group, config));
    const known = new FewByText<Group | 'none'>(MOST_ORIGINS);
    // Headers that do not depend on the origin are the same for all origins.
    const varies = groups.length > 1 || groups.some(({ allowOrigin }) => allowOrigin !== '*');
    const stranger = grantOf([], varies);

    const groupOf = (origin: string): Group | undefined => {
      const group = known.of(origin, (text) => groups.find((one) => one.has(text)) ?? 'none');
      return group === 'none' ? undefined : group;
    };

    return {
      phase: 'access',
      isFirst: true,
      identityHeaders: [],
      decide(request): Outcome {
        const origin = request.check.header('origin');
        // With `vary: origin`, caches keep this answer apart from answers to requests with an origin.
        if (origin === undefined) return stranger;
        const group = groupOf(origin);
        const { method } = request.check;
        const asked = method === 'OPTIONS' ? request.check.header('access-control-request-method') : undefined;
        if (asked !== undefined) return preflight(request, { origin, group, asked });
        return group?.methods.has(method) === true ? group.grantTo(origin) : stranger;
      },
    };
  },
});

interface Group {
  has(origin: string): boolean;
  /** Undefined: the answer names the request's origin. */
  readonly allowOrigin: '*' | undefined;
  readonly methods: { has(method: string): boolean; readonly text: string | undefined };
  /** @param name in lower case */
  allowsHeader(name: string): boolean;
  readonly maxAge: string;
  readonly isPrivateNetwork: boolean;
  readonly credentials: readonly HeaderEntry[];
  grantTo(origin: string): Grant;
}

/** Headers of answers that a script may always read, so that it learns from a 429 when to retry. */
const OWN_HEADERS = [
  'ratelimit',
  'ratelimit-policy',
  'retry-after',
  'www-authenticate',
  'x-ratelimit-limit',
  'x-ratelimit-remaining',
  'x-ratelimit-reset',
];

function publicGroup({ allowPrivateNetwork }: CorsOptions): Group {
  const grant = grantOf(
    [
      ['access-control-allow-origin', '*'],
      ['access-control-expose-headers', '*'],
    ],
    false,
  );
  return {
    has: () => true,
    allowOrigin: '*',
    methods: { has: () => true, text: undefined },
    allowsHeader: () => true,
    maxAge: '30',
    isPrivateNetwork: allowPrivateNetwork,
    credentials: [],
    grantTo: () => grant,
  };
}

function compiled(group: OriginGroup, { supportCredentials, allowPrivateNetwork, originGroups }: CorsOptions): Group {
  const names = new Set(group.origins.filter((one) => typeof one === 'string'));
  const patterns = group.origins.flatMap((one) => (typeof one === 'string' ? [] : [compilePattern(one.re2)]));
  const any = names.has('*');
  const methods = methodsOf(group);
  const allowed = new Set(methods);
  // To a server, a script's HEAD is a GET.
  if (allowed.has('GET')) allowed.add('HEAD');
  const headers = new Set(group.headers.map((name) => name.toLowerCase()));
  const exposed = group.exposedHeaders.includes('*') ? ['*'] : [...new Set([...group.exposedHeaders, ...OWN_HEADERS])];
  const allowOrigin = any ? '*' : undefined;
  const credentials: readonly HeaderEntry[] = supportCredentials ? [['access-control-allow-credentials', 'true']] : [];
  const varies = !any || originGroups.length > 1;
  const grants = new FewByText<Grant>(MOST_ORIGINS);
  return {
    // Expressions match hosts only: `null` and texts that are not one origin (such as two joined ones) never match.
    has: (origin) => any || names.has(origin) || (isOrigin(origin) && patterns.some((matches) => matches(origin))),
    allowOrigin,
    methods: { has: (method) => allowed.has(method), text: [...allowed].join(', ') },
    allowsHeader: (name) => headers.has(name) || (headers.has('*') && name !== 'authorization'),
    maxAge: String(group.accessControlMaxAge),
    isPrivateNetwork: allowPrivateNetwork,
    credentials,
    grantTo: (origin) =>
      grants.of(allowOrigin ?? origin, (told) =>
        grantOf(
          [
            ['access-control-allow-origin', told],
            ...credentials,
            ['access-control-expose-headers', exposed.join(', ')],
          ],
          varies,
        ),
      ),
  };
}

/** The upstream's own CORS headers are replaced: with two of them a browser would use either, or none. */
const ANSWERED = ['access-control-allow-origin', 'access-control-allow-credentials', 'access-control-expose-headers'];

/** Makes one object for each answer, so that the answer is serialised once. */
function grantOf(response: readonly HeaderEntry[], varies: boolean): Grant & Required<Extras> {
  const set = new Set(response.map(([name]) => name));
  return {
    ...NO_EXTRAS,
    response,
    appendResponse: varies ? [['vary', 'Origin']] : [],
    emptyResponse: ANSWERED.filter((name) => !set.has(name)),
  };
}

interface Preflight {
  readonly origin: string;
  readonly group: Group | undefined;
  readonly asked: string;
}

/** No script sets so many headers that their names are longer. */
const MAX_HEADERS_LENGTH = 4096;
const NAMES = /^[!#$%&'*+.^_`|~0-9A-Za-z-]+(?:[ \t]*,[ \t]*[!#$%&'*+.^_`|~0-9A-Za-z-]+)*$/;
const METHOD = /^[!#$%&'*+.^_`|~0-9A-Za-z-]+$/;

/**
 * Answers a preflight (Fetch, 4.8). Browsers send GET, HEAD and POST whatever the list of methods says, so a
 * preflight that is not allowed gets none of the headers.
 */
function preflight({ check }: Request, { origin, group, asked }: Preflight): Outcome {
  const refused = (what: string): Outcome => ({
    reason: 'preflight_refused',
    detail: `a preflight ${what.slice(0, 200)}`,
  });
  if (group === undefined) return refused('of an origin that no group has');
  if (!METHOD.test(asked) || !group.methods.has(asked)) return refused('for a method that is not allowed');
  const names = check.header('access-control-request-headers')?.trim() ?? '';
  if (names !== '') {
    if (names.length > MAX_HEADERS_LENGTH || !NAMES.test(names)) return refused('with malformed names of headers');
    const missing = names.split(',').find((name) => !group.allowsHeader(name.trim().toLowerCase()));
    if (missing !== undefined) return refused(`for the header ${missing.trim()}, which is not allowed`);
  }
  const isPrivate = check.header('access-control-request-private-network') === 'true' && group.isPrivateNetwork;
  const headers: HeaderEntry[] = [
    ['access-control-allow-origin', group.allowOrigin ?? origin],
    ...group.credentials,
    ['access-control-allow-methods', group.methods.text ?? asked],
    ...(names === '' ? [] : [['access-control-allow-headers', names] as const]),
    ...(isPrivate ? [['access-control-allow-private-network', 'true'] as const] : []),
    ['access-control-max-age', group.maxAge],
    ['vary', PREFLIGHT_VARIES],
  ];
  return { answer: { httpStatus: 200, headers, body: '' } };
}
