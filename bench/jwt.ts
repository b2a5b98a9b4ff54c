// How many tokens a second jwt-validation decides on one core: `node bench/jwt.ts`
import { systemClock, systemTimers } from '../src/clock.ts';
import { createKeySets } from '../src/jwt/key-sets.ts';
import { noNetwork } from '../test/policies/environment.ts';
import { signed, signingKey } from '../test/jwt/issuer.ts';
import { jwtPolicy } from '../test/jwt/policy.ts';
import { bearer, Contracts } from '../test/jwt/request.ts';

const MINIMUM_MS = 1000;
const keySets = createKeySets({
  fetch: noNetwork,
  clock: systemClock,
  timers: systemTimers,
  random: Math.random,
});
const directory = new Contracts();
directory.set('web-shop', 'approved');

/** Runs in turns until a second is over, and says how much processor time one took: a busy machine does not show. */
async function microsecondsOf(act: () => unknown): Promise<number> {
  for (let index = 0; index < 2000; index += 1) await act();
  const start = performance.now();
  const before = process.cpuUsage();
  let turns = 0;
  while (performance.now() - start < MINIMUM_MS) {
    for (let index = 0; index < 500; index += 1) {
      const result = act();
      if (result instanceof Promise) await result;
    }
    turns += 500;
  }
  const { user, system } = process.cpuUsage(before);
  return (user + system) / turns;
}

function report(what: string, microseconds: number): void {
  const rate = Math.round(1_000_000 / microseconds).toLocaleString('en');
  console.log(`${what.padEnd(28)} ${microseconds.toFixed(2).padStart(9)} µs ${rate.padStart(11)} /s`);
}

for (const alg of ['RS256', 'PS256', 'ES256', 'EdDSA'] as const) {
  const key = await signingKey(alg, 'k1');
  const policy = jwtPolicy({ textKey: JSON.stringify(key.jwk), algorithms: [alg] }, keySets);
  const claims = {
    iss: 'https://issuer.example.com',
    aud: 'https://orders.example.com',
    client_id: 'web-shop',
    scope: 'orders:read orders:write',
    exp: Math.floor(Date.now() / 1000) + 3600,
  };
  const bare = await signed(key, { ...claims, padding: '' });
  const padding = 'x'.repeat(Math.max(0, Math.floor(((800 - bare.length) * 3) / 4)));
  const token = await signed(key, { ...claims, padding });
  const request = bearer(token, { directory });
  const outcome = await policy.decide(request);
  if (outcome.reason !== undefined) throw new Error(outcome.detail);
  report(`${alg} ${token.length} B, cached`, await microsecondsOf(() => policy.decide(request)));
  // Refused once, a token is refused from memory.
  const wrong = bearer(`${token.slice(0, -9)}${token.at(-9) === 'A' ? 'B' : 'A'}${token.slice(-8)}`, { directory });
  report(`${alg} wrong signature, again`, await microsecondsOf(() => policy.decide(wrong)));
  const fresh = jwtPolicy({ textKey: JSON.stringify(key.jwk), algorithms: [alg] }, { ...keySets, tokens: none() });
  report(`${alg} verified anew`, await microsecondsOf(() => fresh.decide(request)));
}

/** A memory that keeps nothing. */
function none(): typeof keySets.tokens {
  return createKeySets({
    fetch: noNetwork,
    clock: systemClock,
    timers: systemTimers,
    random: Math.random,
    tokenMemoryBytes: 0,
  }).tokens;
}
