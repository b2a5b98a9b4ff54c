import fc from 'fast-check';

const DAY_MS = 86_400_000;
const TIERS = ['gold', 'trial', 'platinum', 'silver'] as const;
/** How many have to approve, none of whom asked; undefined: one, who may have asked. */
const APPROVERS: Readonly<Record<string, number | undefined>> = { platinum: 2, silver: 1 };

/** The token of a person counts as the person. */
export const PEOPLE = ['alice', 'bob', 'carol', 'token of alice'] as const;

export type Step =
  | { readonly do: 'request' | 'changeTier'; readonly who: Person; readonly tier: string }
  | { readonly do: 'approve' | 'setExpiry'; readonly who: Person; readonly endsInDays: number | undefined }
  | { readonly do: 'reject' | 'revoke' | 'restore' | 'withdraw'; readonly who: Person }
  | { readonly do: 'wait'; readonly days: number };
export type Person = (typeof PEOPLE)[number];

const who = fc.constantFrom(...PEOPLE);
const tier = fc.constantFrom(...TIERS);
const endsInDays = fc.option(fc.integer({ min: -2, max: 20 }), { nil: undefined });

/** Clocks jump back too. */
export const steps = fc.array(
  fc.oneof(
    { weight: 3, arbitrary: fc.record({ do: fc.constant('request' as const), who, tier }) },
    { weight: 4, arbitrary: fc.record({ do: fc.constant('approve' as const), who, endsInDays }) },
    { weight: 3, arbitrary: fc.record({ do: fc.constant('changeTier' as const), who, tier }) },
    fc.record({ do: fc.constantFrom('reject', 'revoke', 'restore', 'withdraw'), who }),
    fc.record({ do: fc.constant('setExpiry' as const), who, endsInDays }),
    fc.record({ do: fc.constant('wait' as const), days: fc.integer({ min: -5, max: 15 }) }),
  ),
  { minLength: 8, maxLength: 16 },
) as fc.Arbitrary<readonly Step[]>;

/** What can be seen of a contract; undefined: there is none. */
export interface SeenContract {
  readonly status: string;
  readonly tier: string;
  readonly asksFor: string | undefined;
  readonly endsAtMs: number | undefined;
}

interface Asked {
  readonly applicants: ReadonlySet<string>;
  readonly approvals: ReadonlySet<string>;
}

const personOf = (name: Person): string => name.replace('token of ', '');

/** The life of one contract, told in another way than the control plane does it: by what each step needs. */
export class ContractModel {
  nowMs: number;
  #status: 'none' | 'pending' | 'approved' | 'rejected' | 'revoked' = 'none';
  #tier = '';
  #asked: Asked = { applicants: new Set(), approvals: new Set() };
  #move: (Asked & { readonly tier: string; readonly by: string }) | undefined;
  #askedBy = '';
  #endsAtMs: number | undefined;

  constructor(nowMs: number) {
    this.nowMs = nowMs;
  }

  get seen(): SeenContract | undefined {
    if (this.#status === 'none') return undefined;
    return { status: this.#status, tier: this.#tier, asksFor: this.#move?.tier, endsAtMs: this.#endsAtMs };
  }

  /** @returns whether it is done */
  take(step: Step): boolean {
    switch (step.do) {
      case 'wait':
        this.nowMs += step.days * DAY_MS;
        return true;
      case 'request':
        return this.#request(personOf(step.who), step.tier);
      case 'approve':
        return this.#approve(personOf(step.who), step.endsInDays);
      case 'changeTier':
        return this.#changeTier(personOf(step.who), step.tier);
      case 'reject':
        if (this.#move !== undefined) this.#move = undefined;
        else if (this.#status === 'pending') this.#status = 'rejected';
        else return false;
        return true;
      case 'revoke':
        if (this.#status !== 'approved') return false;
        this.#status = 'revoked';
        this.#move = undefined;
        return true;
      case 'restore':
        if (this.#status !== 'revoked' || this.#isOver()) return false;
        this.#status = 'approved';
        return true;
      case 'withdraw':
        return this.#withdraw(personOf(step.who));
      default:
        return this.#setExpiry(step.endsInDays);
    }
  }

  #isOver(): boolean {
    return this.#endsAtMs !== undefined && this.#endsAtMs <= this.nowMs;
  }

  #request(person: string, wanted: string): boolean {
    if (this.#status !== 'none' && this.#status !== 'rejected') return false;
    this.#status = wanted === 'trial' ? 'approved' : 'pending';
    this.#tier = wanted;
    this.#asked = { applicants: new Set([person]), approvals: new Set() };
    this.#askedBy = person;
    this.#endsAtMs = undefined;
    return true;
  }

  #approve(person: string, inDays: number | undefined): boolean {
    const what = this.#move ?? this.#asked;
    if (this.#move === undefined && this.#status !== 'pending' && this.#status !== 'rejected') return false;
    const endsAtMs = inDays === undefined ? this.#endsAtMs : this.nowMs + inDays * DAY_MS;
    if (endsAtMs !== undefined && endsAtMs <= this.nowMs) return false;
    const needed = APPROVERS[this.#move?.tier ?? this.#tier];
    const earlier = this.#status === 'rejected' ? new Set<string>() : what.approvals;
    if (needed !== undefined && what.applicants.has(person)) return false;
    const approvals = new Set([...earlier, person]);
    const isEnough = approvals.size >= (needed ?? 1);
    if (!isEnough && earlier.has(person)) return false;
    this.#endsAtMs = endsAtMs;
    if (!isEnough) {
      if (this.#move === undefined) this.#asked = { ...this.#asked, approvals };
      else this.#move = { ...this.#move, approvals };
      if (this.#status === 'rejected') this.#status = 'pending';
      return true;
    }
    if (this.#move !== undefined) this.#tier = this.#move.tier;
    this.#move = undefined;
    this.#status = 'approved';
    return true;
  }

  #changeTier(person: string, wanted: string): boolean {
    if (this.#status !== 'pending' && this.#status !== 'approved') return false;
    if (wanted === this.#tier) return this.#move === undefined;
    if (this.#status === 'pending') {
      this.#tier = wanted;
      this.#asked = { applicants: new Set([this.#askedBy, person]), approvals: new Set() };
      if (wanted === 'trial') this.#status = 'approved';
      return true;
    }
    if (wanted === 'trial') {
      this.#tier = wanted;
      this.#move = undefined;
    } else this.#move = { tier: wanted, by: person, applicants: new Set([person]), approvals: new Set() };
    return true;
  }

  #withdraw(person: string): boolean {
    if (this.#move !== undefined) {
      if (this.#move.by !== person) return false;
      this.#move = undefined;
      return true;
    }
    if (this.#status !== 'pending' || this.#askedBy !== person) return false;
    this.#status = 'none';
    return true;
  }

  #setExpiry(inDays: number | undefined): boolean {
    if (this.#status !== 'approved' && this.#status !== 'revoked') return false;
    if (inDays !== undefined && inDays <= 0) return false;
    this.#endsAtMs = inDays === undefined ? undefined : this.nowMs + inDays * DAY_MS;
    return true;
  }
}
