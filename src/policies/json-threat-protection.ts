import { z } from 'zod';
import type { Denial } from '../denial/denial.ts';
import { definePolicy } from '../policy/policy.ts';
import type { Outcome } from '../policy/policy.ts';
import { scanJson } from './json-scan.ts';
import { isOtherThan, requestBody } from './request-body.ts';

declare module '../denial/denial.ts' {
  interface Reasons {
    body_unseen: object;
    body_malformed: object;
    body_too_complex: object;
  }
}

/** What is open is remembered, and what is nested deeper makes recursive parsers fail. */
const MOST_DEPTH = 10_000;

const PASSED: Outcome = {};

const limit = (most: number) => z.int().min(-1).max(most).default(-1);

const options = z.strictObject({
  maxContainerDepth: limit(MOST_DEPTH).describe(
    `How deep objects and arrays may be nested; one by itself is 1. -1: ${MOST_DEPTH}`,
  ),
  maxStringValueLength: limit(Number.MAX_SAFE_INTEGER).describe('Length of a text, in UTF-16 code units. -1: any'),
  maxObjectEntryNameLength: limit(Number.MAX_SAFE_INTEGER).describe('Length of a name in an object. -1: any'),
  maxObjectEntryCount: limit(Number.MAX_SAFE_INTEGER).describe('Entries of an object. -1: any number'),
  maxArrayElementCount: limit(Number.MAX_SAFE_INTEGER).describe('Elements of an array. -1: any number'),
  otherContentTypes: z
    .enum(['check', 'pass'])
    .default('check')
    .describe('Bodies whose content-type names something else than JSON: check refuses those that are no JSON'),
});

/** Only JSON that is well-formed and within limits may pass (`docs/policies/json-threat-protection.md`). */
export default definePolicy({
  name: 'json-threat-protection',
  phase: 'access',
  summary: 'Refuses bodies that are no JSON, are ambiguous, or are beyond limits of depth, length and number',
  options,
  reasons: {
    body_unseen: {
      httpStatus: 503,
      sentence: 'The service is temporarily unavailable.',
      headers: () => [['retry-after', '5']],
      meaning: "a policy needs the request's body, and Envoy does not send it, or not as bytes",
    },
    body_malformed: {
      httpStatus: 400,
      sentence: 'The body of the request is malformed.',
      meaning: 'the body is not what its API takes: malformed, ambiguous, cut off or compressed',
    },
    body_too_complex: {
      httpStatus: 400,
      sentence: 'The body of the request is too complex.',
      meaning: 'the body is deeper, longer or larger in number than a policy allows',
    },
  },
  create(config) {
    const any = (most: number): number => (most < 0 ? Infinity : most);
    const limits = {
      containerDepth: config.maxContainerDepth < 0 ? MOST_DEPTH : config.maxContainerDepth,
      stringValueLength: any(config.maxStringValueLength),
      objectEntryNameLength: any(config.maxObjectEntryNameLength),
      objectEntryCount: any(config.maxObjectEntryCount),
      arrayElementCount: any(config.maxArrayElementCount),
    };
    return {
      phase: 'access',
      identityHeaders: [],
      requires: [{ what: 'body', field: 'maxContainerDepth' }],
      decide({ check }): Outcome {
        if (config.otherContentTypes === 'pass' && isOtherThan(check, isJson)) return PASSED;
        const body = requestBody(check);
        if (body === undefined) return PASSED;
        if ('reason' in body) return body;
        const fault = scanJson(body.bytes, limits);
        return fault === undefined ? PASSED : refused(fault.kind, `${fault.problem}, at byte ${fault.at}`);
      },
    };
  },
});

function isJson(mediaType: string): boolean {
  return mediaType === 'application/json' || mediaType === 'text/json' || mediaType.endsWith('+json');
}

function refused(kind: 'malformed' | 'limit', detail: string): Denial {
  return { reason: kind === 'limit' ? 'body_too_complex' : 'body_malformed', detail: `the body is refused: ${detail}` };
}
