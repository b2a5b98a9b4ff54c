import { create, toBinary } from '@bufbuild/protobuf';
import type { MessageInitShape } from '@bufbuild/protobuf';
import * as fc from 'fast-check';
import { CheckRequestSchema } from '../../gen/envoy/service/auth/v3/external_auth_pb.js';

const text = fc.oneof(fc.string({ maxLength: 12 }), fc.string({ unit: 'grapheme', maxLength: 40 }), fc.constant(''));
const headerName = fc.oneof(
  fc.constantFrom(':path', ':authority', 'authorization', 'x_a', 'x-a', 'x-ab', 'client_id', '__proto__', '1'),
  fc.string({ unit: fc.constantFrom(...'abcxyz-_019'.split('')), maxLength: 12 }),
);
const bytes = fc.uint8Array({ maxLength: 20 });
const strings = fc.dictionary(text, text, { maxKeys: 3, noNullPrototype: true });
const utf8 = text.map((value) => new TextEncoder().encode(value));

const socketAddress = fc.record(
  {
    protocol: fc.constantFrom(0, 1),
    address: text,
    portSpecifier: fc.oneof(
      fc.record({ case: fc.constant('portValue' as const), value: fc.nat(0xffffffff) }),
      fc.record({ case: fc.constant('namedPort' as const), value: text }),
      fc.constant({ case: undefined }),
    ),
    ipv4Compat: fc.boolean(),
  },
  { requiredKeys: ['portSpecifier'] },
);

const address = fc.oneof(
  fc.record({ case: fc.constant('socketAddress' as const), value: socketAddress }),
  fc.record({ case: fc.constant('pipe' as const), value: fc.record({ path: text, mode: fc.nat(511) }) }),
  fc.record({ case: fc.constant('envoyInternalAddress' as const), value: fc.record({ endpointId: text }) }),
  fc.constant({ case: undefined }),
);

const peer = fc.record(
  { address: fc.record({ address }), service: text, labels: strings, principal: text, certificate: text },
  { requiredKeys: [] },
);

const time = fc.record({ seconds: fc.bigInt({ min: -(2n ** 63n), max: 2n ** 63n - 1n }), nanos: fc.integer() });

const map = fc.dictionary(headerName, text, { maxKeys: 20, noNullPrototype: true });
const rawHeaders = fc.array(
  fc.record(
    {
      key: fc.oneof(
        headerName,
        headerName.map((name) => name.toUpperCase()),
      ),
      value: text,
      rawValue: utf8,
    },
    { requiredKeys: ['key'] },
  ),
  { maxLength: 20 },
);

const httpFields = {
  id: text,
  method: text,
  path: text,
  host: text,
  scheme: text,
  query: text,
  fragment: text,
  size: fc.bigInt({ min: -1n, max: 2n ** 62n }),
  protocol: text,
  body: text,
  rawBody: bytes,
};

const http = fc.oneof(
  fc.record({ ...httpFields, headers: map }, { requiredKeys: [] }),
  fc.record({ ...httpFields, headerMap: fc.record({ headers: rawHeaders }) }, { requiredKeys: [] }),
);

const attributes = fc.record(
  {
    source: peer,
    destination: peer,
    request: fc.record({ time, http }, { requiredKeys: [] }),
    contextExtensions: strings,
    metadataContext: fc.record({ filterMetadata: fc.constant({ a: { b: ['c', 1, null, { d: true }] } }) }),
    tlsSession: fc.record({ sni: text }),
  },
  { requiredKeys: [] },
);

/** Any CheckRequest, serialised by protobuf-es; its headers are in the map or in the list, as Envoy's are. */
export const checkRequestBytes = fc.record({ attributes }, { requiredKeys: [] }).map((message) => {
  const shape: unknown = message;
  return toBinary(CheckRequestSchema, create(CheckRequestSchema, shape as MessageInitShape<typeof CheckRequestSchema>));
});
