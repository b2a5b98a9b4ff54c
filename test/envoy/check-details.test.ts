import { create, toBinary } from '@bufbuild/protobuf';
import type { JsonObject, MessageInitShape } from '@bufbuild/protobuf';
import fc from 'fast-check';
import { expect, test } from 'vitest';
import { AttributeContextSchema } from '../../gen/envoy/service/auth/v3/attribute_context_pb.js';
import { CheckRequestSchema } from '../../gen/envoy/service/auth/v3/external_auth_pb.js';
import { readCheck } from '../../src/envoy/read-check.ts';
import type { CheckDetails } from '../../src/request/check.ts';

type Attributes = MessageInitShape<typeof AttributeContextSchema>;

function written(attributes: Attributes): Uint8Array {
  return toBinary(
    CheckRequestSchema,
    create(CheckRequestSchema, { attributes: create(AttributeContextSchema, attributes) }),
  );
}

function detailsOf(attributes: Attributes): CheckDetails | undefined {
  return readCheck(written(attributes)).details;
}

function withMetadata(fields: JsonObject) {
  return { metadataContext: { filterMetadata: { 'a.filter': fields } } };
}

test('what a Check says of its destination and its request is read', () => {
  const value = { address: '10.0.0.2', portSpecifier: { case: 'portValue' as const, value: 8080 } };
  expect(
    detailsOf({
      destination: { address: { address: { case: 'socketAddress', value } }, principal: 'spiffe://a/b' },
      request: { http: { scheme: 'https', size: 1234n } },
    }),
  ).toEqual({
    scheme: 'https',
    size: 1234,
    destinationAddress: '10.0.0.2',
    destinationPort: 8080,
    destinationPrincipal: 'spiffe://a/b',
    metadata: {},
  });
});

test('what it does not say is empty, or unknown', () => {
  const nothing = {
    scheme: '',
    size: -1,
    destinationAddress: '',
    destinationPort: 0,
    destinationPrincipal: '',
    metadata: {},
  };
  expect(detailsOf({})).toEqual(nothing);
  expect(detailsOf({ request: { http: { size: -1n } } })).toEqual(nothing);
});

test('metadata is the JSON that filters wrote', () => {
  const text = fc.oneof(fc.string({ unit: 'grapheme' }), fc.constantFrom('__proto__', 'constructor', ''));
  const { json } = fc.letrec((tie) => ({
    json: fc.oneof(
      { maxDepth: 5 },
      fc.constant(null),
      fc.boolean(),
      fc.double({ noNaN: true, noDefaultInfinity: true }),
      text,
      fc.array(tie('json'), { maxLength: 4 }),
      fc.dictionary(text, tie('json'), { maxKeys: 4, noNullPrototype: true }),
    ),
  }));
  const fields = fc.dictionary(text, json, { maxKeys: 4, noNullPrototype: true });
  fc.assert(
    fc.property(fields, (found) => {
      expect(detailsOf(withMetadata(found as JsonObject))?.metadata).toEqual({ 'a.filter': found });
    }),
    { numRuns: 500 },
  );
});

test('a message that is cut anywhere has details or none, and no failure', () => {
  const bytes = written({ ...withMetadata({ list: [1, { a: 'b' }], yes: true }), request: { http: { size: 5n } } });
  for (let length = 0; length < bytes.length; length++) {
    const framed = Buffer.from(bytes.subarray(0, length));
    // The outermost length is made to fit, so that what is inside is looked at.
    if (length > 2) framed[1] = length - 2;
    expect(() => {
      try {
        return readCheck(framed).details;
      } catch (error) {
        if ((error as Error).name === 'MalformedCheck') return undefined;
        throw error;
      }
    }).not.toThrow();
  }
});

test('metadata that is nested without end is none', () => {
  let deep: JsonObject = {};
  for (let depth = 0; depth < 60; depth++) deep = { deep };
  expect(detailsOf(withMetadata(deep))).toBeUndefined();
});
