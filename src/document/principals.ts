import { overlap, principalFrom } from '../contract/principal.ts';
import type { Principal } from '../contract/principal.ts';
import { Claims } from './claims.ts';
import type { Faults } from './fault.ts';
import { addIssues, whereIs } from './load.ts';
import type { Loaded } from './load.ts';

/** The principals of all client applications: each is compared with all others. */
const MAX_PATTERNS = 1000;

interface Pattern {
  readonly client: Loaded<'ClientApplication'>;
  readonly index: number;
  readonly text: string;
  readonly principal: Principal;
}

/** Who has claimed which workloads: no two client applications may be meant by one SPIFFE id. */
export class PrincipalClaims {
  readonly #exact = new Claims<Loaded<'ClientApplication'>>();
  readonly #patterns = new Map<Loaded<'ClientApplication'>, readonly Pattern[]>();
  /** Undefined: patterns have changed since it was built. */
  #overlaps: readonly (readonly [Pattern, Pattern])[] | undefined = [];

  add(client: Loaded<'ClientApplication'>): void {
    const patterns: Pattern[] = [];
    for (const [index, text] of (client.document.spec.principals ?? []).entries()) {
      const principal = principalFrom(text);
      if (typeof principal === 'string') continue;
      if (principal.isPattern) patterns.push({ client, index, text, principal });
      else this.#exact.claim(text, client);
    }
    if (patterns.length === 0) return;
    this.#patterns.set(client, patterns);
    this.#overlaps = undefined;
  }

  remove(client: Loaded<'ClientApplication'>): void {
    for (const text of client.document.spec.principals ?? []) this.#exact.release(text, client);
    if (this.#patterns.delete(client)) this.#overlaps = undefined;
  }

  tellFaults(faults: Faults): void {
    for (const { key, claimant, holder } of this.#exact.contested()) {
      const index = claimant.document.spec.principals?.indexOf(key) ?? 0;
      tell(faults, { client: claimant, index }, `another client application has this principal: ${whereIs(holder)}`);
      faults.addRival(holder.place);
    }
    const all = [...this.#patterns.values()].flat();
    const surplus = all[MAX_PATTERNS];
    if (surplus !== undefined) {
      const message = `all client applications together have more than ${MAX_PATTERNS} patterns: name ids without "*"`;
      tell(faults, surplus, message);
      return;
    }
    this.#overlaps ??= overlapsAmong(all);
    for (const [first, second] of this.#overlaps) {
      const message = `a workload could be of this pattern and of ${first.text}, of another client application: ${whereIs(first.client)}`;
      tell(faults, second, message);
      faults.addRival(first.client.place);
    }
  }
}

function overlapsAmong(all: readonly Pattern[]): readonly (readonly [Pattern, Pattern])[] {
  return all.flatMap((second, at) => {
    const first = all
      .slice(0, at)
      .find(({ client, principal }) => client !== second.client && overlap(principal, second.principal));
    return first === undefined ? [] : [[first, second] as const];
  });
}

function tell(faults: Faults, { client, index }: Pick<Pattern, 'client' | 'index'>, message: string): void {
  addIssues(faults, client.place, [{ path: ['spec', 'principals', index], at: 'value', message }]);
}
