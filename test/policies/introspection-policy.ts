import { systemTimers } from '../../src/clock.ts';
import { inquiryDesk } from '../../src/inquiry/open-inquiries.ts';
import { createKeySets } from '../../src/jwt/key-sets.ts';
import kind from '../../src/policies/oauth2-token-introspection.ts';
import type { AccessPolicy, Outcome, Request } from '../../src/policy/policy.ts';
import { Unavailable } from '../../src/policy/unavailable.ts';
import { localEgress } from '../egress/local-transport.ts';
import { ManualTime } from '../jwt/manual-time.ts';
import { Contracts, requestOf } from '../jwt/request.ts';
import type { AuthorizationServer } from '../oauth/authorization-server.ts';
import { policyEnvironment } from './environment.ts';

const BASIC = { method: 'client_secret_basic', clientId: 'ostiary', clientSecret: 'secret' };

/** The policy as its document would configure it, over the real network, on time that passes when a test says so. */
export class IntrospectionPolicy {
  readonly time = new ManualTime();
  readonly contracts = new Contracts();
  readonly policy: AccessPolicy;
  readonly #close: () => void;

  constructor(
    server: Pick<AuthorizationServer, 'url'>,
    config: Record<string, unknown> = {},
    files: Record<string, string> = {},
  ) {
    const { egress, transport } = localEgress();
    const clock = this.time;
    const keySets = createKeySets({ fetch: transport, clock, timers: systemTimers, random: () => 0.5 });
    const memories = { good: keySets.tokens, bad: keySets.refusals };
    // Waits are real: only what is remembered, and the circuit, go by the clock.
    const desk = inquiryDesk({ clock, timers: systemTimers, random: () => 1, key: Buffer.alloc(32, 3), ...memories });
    const where = 'issuer' in config ? {} : { introspectionURL: server.url };
    const options = kind.options.parse({ clientAuthentication: BASIC, ...where, ...config });
    const environment = policyEnvironment({ clock, keySets, egress, inquire: desk });
    const content = (file: string, format: { parse(bytes: Buffer, giveWay: () => undefined): unknown }): never => {
      const parsed = format.parse(Buffer.from(files[file] ?? ''), () => undefined) as { content: never };
      return parsed.content;
    };
    const policy = kind.create(options, { ...environment, files: { content } });
    if (policy.phase !== 'access') throw new TypeError('it is an access policy');
    this.policy = policy;
    this.#close = () => keySets.close();
    this.contracts.set('web', 'approved');
  }

  request(token: string, given: Partial<Request> = {}): Request {
    return { ...requestOf({ headers: { authorization: `Bearer ${token}` }, directory: this.contracts }), ...given };
  }

  /** What came of it: the reason of a denial, or the outcome itself. */
  async decide(token: string, given: Partial<Request> = {}): Promise<Outcome | string> {
    try {
      const outcome = await this.policy.decide(this.request(token, given));
      return outcome.reason ?? outcome;
    } catch (error) {
      if (error instanceof Unavailable) return `unavailable: ${error.message}`;
      throw error;
    }
  }

  [Symbol.dispose](): void {
    this.policy.close?.();
    this.#close();
  }
}
