import { create, fromBinary, toBinary } from '@bufbuild/protobuf';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import {
  HealthCheckRequestSchema,
  HealthCheckResponseSchema,
  HealthCheckResponse_ServingStatus as Status,
  HealthListResponseSchema,
} from '../../gen/health/v1/health_pb.js';
import { decodeService, encodeList, encodeStatus } from '../../src/grpc/health-messages.ts';

const text = fc.string({ unit: 'grapheme', maxLength: 300 });

/** What protobuf-es makes of a request; undefined where it refuses it. */
function decodedByLibrary(bytes: Uint8Array): string | undefined {
  try {
    return fromBinary(HealthCheckRequestSchema, bytes).service;
  } catch {
    return undefined;
  }
}

describe('the messages of health, beside protobuf-es', () => {
  it('read the same service', () => {
    fc.assert(
      fc.property(text, (service) => {
        const bytes = toBinary(HealthCheckRequestSchema, create(HealthCheckRequestSchema, { service }));
        expect(decodeService(bytes)).toBe(service);
      }),
    );
  });

  it('skip fields they do not know', () => {
    for (const unknown of ['1005', '19ffffffffffffffff', '2203616263', '2dffffffff', '98060180']) {
      const bytes = Buffer.concat([Buffer.from(unknown, 'hex'), Buffer.from('0a0178', 'hex')]);
      expect([unknown, decodeByHand(bytes)]).toEqual([unknown, decodedByLibrary(bytes)]);
    }
  });

  it('refuse or read arbitrary bytes, and never anything else than protobuf-es reads', () => {
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 40 }), (bytes) => {
        const service = decodeByHand(bytes);
        // They may refuse more: groups, say.
        if (service !== undefined) expect(service).toBe(decodedByLibrary(bytes));
      }),
      { numRuns: 2000 },
    );
  });

  it('tell every status', () => {
    expect(
      [true, false, undefined].map((serving) => fromBinary(HealthCheckResponseSchema, encodeStatus(serving)).status),
    ).toEqual([1, 2, 3]);
  });

  it('list services of any name', () => {
    fc.assert(
      fc.property(fc.uniqueArray(fc.tuple(text, fc.boolean()), { selector: ([name]) => name }), (services) => {
        const { statuses } = fromBinary(HealthListResponseSchema, encodeList(new Map(services)));
        const listed = Object.entries(statuses).map(([name, { status }]) => [name, status === Status.SERVING]);
        expect(new Map(listed as [string, boolean][])).toEqual(new Map(services));
      }),
    );
  });
});

function decodeByHand(bytes: Uint8Array): string | undefined {
  try {
    return decodeService(bytes);
  } catch {
    return undefined;
  }
}
