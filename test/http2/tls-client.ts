import { once } from 'node:events';
import type { TcpNetConnectOpts, IpcNetConnectOpts } from 'node:net';
import { connect } from 'node:tls';
import { data, headers, message, RawHttp2Client } from './raw-client.ts';

/**
 * A client over TLS with a call that the server never answers.
 * @param authority PEM
 */
export async function hangingOverTls(
  where: TcpNetConnectOpts | IpcNetConnectOpts,
  authority: Buffer,
): Promise<RawHttp2Client> {
  const socket = connect({ ...where, ca: authority, ALPNProtocols: ['h2'], checkServerIdentity: () => undefined });
  await once(socket, 'secureConnect');
  const client = RawHttp2Client.on(socket);
  client.send(headers(1, '/test.Hang/Unary'), data(1, message(Buffer.alloc(1))));
  await client.frame(() => true);
  return client;
}
