import { createHash } from 'node:crypto';
import type { KeyObject, webcrypto } from 'node:crypto';
import { importParameters, minimumSecretBytes } from './algorithms.ts';
import type { Algorithm } from './algorithms.ts';

/** A key that verifies tokens, and the algorithms that fit its type. It verifies with no other algorithm. */
export class Key {
  /** The key id (RFC 7517, 4.5). It is only compared with the token's `kid`. */
  readonly kid: string | undefined;
  readonly algorithms: ReadonlySet<Algorithm>;
  /** Keys with the same fingerprint verify the same tokens. It does not reveal the key. */
  readonly fingerprint: string;
  /** The issuer that the key signs for, if its set names one, as Microsoft Entra's does. */
  readonly issuer: string | undefined;
  readonly #key: KeyObject;
  readonly #imported = new Map<Algorithm, webcrypto.CryptoKey>();
  #retired = false;

  /** @param fitting the algorithms of the key's type, narrowed by what its owner allows */
  constructor(key: KeyObject, fitting: readonly Algorithm[], kid: string | undefined, issuer?: string) {
    this.kid = kid;
    this.issuer = issuer;
    this.algorithms = new Set(fitting);
    this.#key = key;
    this.fingerprint = createHash('sha256')
      .update(JSON.stringify([kid ?? null, issuer ?? null, ...fitting, key.type]))
      .update(key.type === 'secret' ? key.export() : key.export({ type: 'spki', format: 'der' }))
      .digest('base64');
  }

  /** True if the key is no longer in its set: tokens that it has verified are no longer valid. */
  get retired(): boolean {
    return this.#retired;
  }

  retire(): void {
    this.#retired = true;
  }

  /** Returns the key for one algorithm, which must be among {@link algorithms}. It can't be used with another one. */
  for(algorithm: Algorithm): webcrypto.CryptoKey {
    let imported = this.#imported.get(algorithm);
    if (imported === undefined) {
      if (!this.algorithms.has(algorithm))
        throw new TypeError(`a key was asked for ${algorithm}, which it does not fit`);
      imported = this.#key.toCryptoKey(importParameters(algorithm), false, ['verify']);
      this.#imported.set(algorithm, imported);
    }
    return imported;
  }
}

const CURVES: ReadonlyMap<string | undefined, Algorithm> = new Map([
  ['prime256v1', 'ES256'],
  ['secp384r1', 'ES384'],
  ['secp521r1', 'ES512'],
]);

/** Returns the algorithms that fit a public key, or a sentence that says why it can't be used. */
export function publicKeyAlgorithms(key: KeyObject): readonly Algorithm[] | string {
  const details = key.asymmetricKeyDetails ?? {};
  switch (key.asymmetricKeyType) {
    case 'rsa': {
      const bits = details.modulusLength ?? 0;
      if (bits < 2048) return `it is an RSA key of ${bits} bits; at least 2048 are needed (RFC 7518, 3.3)`;
      if (bits > 16_384) return `it is an RSA key of ${bits} bits; at most 16384 are supported`;
      // With the exponent 1 the signature equals the message, so anyone can make it.
      const exponent = details.publicExponent ?? 0n;
      if (exponent < 3n || exponent % 2n === 0n) return `its RSA exponent ${exponent} is not safe`;
      return ['RS256', 'RS384', 'RS512', 'PS256', 'PS384', 'PS512'];
    }
    case 'ec': {
      const algorithm = CURVES.get(details.namedCurve);
      return algorithm === undefined
        ? `its curve ${details.namedCurve} is not supported; P-256, P-384 and P-521 are`
        : [algorithm];
    }
    case 'ed25519':
      return ['EdDSA', 'Ed25519'];
    default:
      return `keys of type ${key.asymmetricKeyType} are not supported; RSA, EC and Ed25519 are`;
  }
}

/**
 * Returns the HMAC algorithms that a secret of this length is long enough for, or a sentence if it is too short for
 * all.
 */
export function secretAlgorithms(bytes: number): readonly Algorithm[] | string {
  const fitting = (['HS256', 'HS384', 'HS512'] as const).filter((name) => bytes >= minimumSecretBytes(name));
  return fitting.length > 0
    ? fitting
    : `it is a secret of ${bytes} bytes; HS256 needs at least 32, HS384 48, HS512 64 (RFC 7518, 3.2)`;
}
