import { createServer } from 'node:http';
import type { IncomingMessage, Server, ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { exportJWK, generateKeyPair, SignJWT } from 'jose';
import type { CryptoKey, JWK, JWTHeaderParameters } from 'jose';

/** A key pair of an issuer. */
export interface SigningKey {
  readonly alg: string;
  readonly kid: string;
  readonly privateKey: CryptoKey;
  readonly publicKey: CryptoKey;
  readonly jwk: JWK;
}

export async function signingKey(alg: string, kid: string): Promise<SigningKey> {
  const { privateKey, publicKey } = await generateKeyPair(alg, { extractable: true });
  return { alg, kid, privateKey, publicKey, jwk: { ...(await exportJWK(publicKey)), kid } };
}

/** A token of real cryptography; the header's `alg` and `kid` are the key's unless named. */
export function signed(
  key: SigningKey,
  claims: Record<string, unknown>,
  header: Partial<JWTHeaderParameters> = {},
): Promise<string> {
  return new SignJWT(claims).setProtectedHeader({ alg: key.alg, kid: key.kid, ...header }).sign(key.privateKey);
}

export type Answering = (request: IncomingMessage, response: ServerResponse) => void;

/** A real HTTP server that publishes a key set; it counts what it is asked. */
export class JwksServer {
  requests = 0;
  answer: Answering;
  readonly #server: Server;

  constructor(answer: Answering) {
    this.answer = answer;
    this.#server = createServer((request, response) => {
      this.requests += 1;
      this.answer(request, response);
    });
  }

  static async publishing(...keys: readonly SigningKey[]): Promise<JwksServer> {
    const server = new JwksServer(publish(...keys));
    await server.listen();
    return server;
  }

  async listen(): Promise<void> {
    await new Promise<void>((resolve) => {
      this.#server.listen(0, '127.0.0.1', resolve);
    });
  }

  get url(): string {
    return `http://127.0.0.1:${(this.#server.address() as AddressInfo).port}/jwks.json`;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#server.closeAllConnections();
    await new Promise((resolve) => {
      this.#server.close(resolve);
    });
  }
}

export function publish(...keys: readonly SigningKey[]): Answering {
  return answering(200, JSON.stringify({ keys: keys.map(({ jwk }) => jwk) }));
}

export function answering(status: number, body: string, headers: Record<string, string> = {}): Answering {
  return (_request, response) => {
    response.writeHead(status, { 'content-type': 'application/json', ...headers }).end(body);
  };
}
