import type { Clock } from '../../clock.ts';
import { systemFiles } from '../../file-access.ts';
import { keysFromSet } from '../../jwt/jwk.ts';
import type { Key } from '../../jwt/key.ts';
import { fetchIssuerKeys } from './issuer-fetch.ts';
import type { KubernetesRule } from './kubernetes-rule.ts';

export interface IssuerKeysPorts {
  readonly clock: Clock;
  /** Keys could not be read; those that were stay. Told once for each reason. */
  readonly onFault: (detail: string) => void;
  /** @returns the issuer's key set @throws Error (rejects with it): a sentence */
  readonly read?: (rule: KubernetesRule) => Promise<unknown>;
}

/** Keys are looked at so often, where tokens come: an issuer withdraws them too. */
const FRESH_MS = 5 * 60_000;
/** After a token whose key is not known they are looked at again, but not more often. */
const AGAIN_MS = 5000;
/** Keys that nobody has confirmed for so long sign for nobody. */
const LONGEST_MS = 24 * 3_600_000;
const MOST_FILE_BYTES = 1024 * 1024;

/** The keys of one issuer: read when the first token comes, and again now and then. */
export class IssuerKeys {
  readonly #rule: KubernetesRule;
  readonly #ports: IssuerKeysPorts;
  #keys: readonly Key[] = [];
  #readAt = -Infinity;
  #triedAt = -Infinity;
  #reading: Promise<void> | undefined;
  #lastFault = '';

  constructor(rule: KubernetesRule, ports: IssuerKeysPorts) {
    this.#rule = rule;
    this.#ports = ports;
  }

  /**
   * The keys that may have signed a token.
   * @param kid of the token; undefined: any
   * @returns undefined: no keys could be read
   */
  async keysFor(kid: string | undefined): Promise<readonly Key[] | undefined> {
    const now = this.#ports.clock.monotonic();
    if (now - this.#readAt > FRESH_MS || this.#fitting(kid).length === 0) {
      if (now - this.#triedAt >= AGAIN_MS) this.#reading ??= this.#read();
      // Whoever comes while keys are read waits for them.
      await this.#reading;
    }
    if (this.#ports.clock.monotonic() - this.#readAt > LONGEST_MS) return undefined;
    return this.#fitting(kid);
  }

  #fitting(kid: string | undefined): readonly Key[] {
    return this.#keys.filter((key) => kid === undefined || key.kid === undefined || key.kid === kid);
  }

  async #read(): Promise<void> {
    const { clock, onFault, read = readKeys } = this.#ports;
    this.#triedAt = clock.monotonic();
    try {
      this.#keys = keysFromSet(await read(this.#rule), 'public').keys;
      this.#readAt = clock.monotonic();
      this.#lastFault = '';
    } catch (error) {
      const detail = `keys of ${this.#rule.issuer}: ${(error as Error).message}`;
      if (detail !== this.#lastFault) onFault(detail);
      this.#lastFault = detail;
    } finally {
      this.#reading = undefined;
    }
  }
}

async function readKeys({ ca, issuer, jwks, token }: KubernetesRule): Promise<unknown> {
  if (jwks !== undefined)
    return JSON.parse((await systemFiles.read(jwks, MOST_FILE_BYTES)).toString('utf8')) as unknown;
  return fetchIssuerKeys(issuer, {
    authorities: ca === undefined ? undefined : await systemFiles.read(ca, MOST_FILE_BYTES),
    token: token === undefined ? undefined : (await systemFiles.read(token, MOST_FILE_BYTES)).toString('utf8').trim(),
  });
}
