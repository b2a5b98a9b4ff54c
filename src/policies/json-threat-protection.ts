import { z } from 'zod';
import { definePolicy } from '../policy/policy.ts';
import { scanJson } from './json-scan.ts';
import { BODY_REASONS, bodyPolicy, limitOf, limitOption, otherContentTypes } from './request-body.ts';

/** Open objects are remembered, and recursive parsers fail on deeper nesting. */
const MOST_DEPTH = 10_000;
const ANY = Number.MAX_SAFE_INTEGER;

const options = z.strictObject({
  maxContainerDepth: limitOption(MOST_DEPTH).describe(
    `How deep objects and arrays may be nested; one by itself is 1. -1: ${MOST_DEPTH}`,
  ),
  maxStringValueLength: limitOption(ANY).describe('Length of a text, in UTF-16 code units. -1: any'),
  maxObjectEntryNameLength: limitOption(ANY).describe('Length of a name in an object. -1: any'),
  maxObjectEntryCount: limitOption(ANY).describe('Entries of an object. -1: any number'),
  maxArrayElementCount: limitOption(ANY).describe('Elements of an array. -1: any number'),
  otherContentTypes: otherContentTypes.describe(
    'Bodies whose content-type names something else than JSON: check refuses those that are no JSON',
  ),
});

/** Only JSON that is well-formed and within limits may pass (`docs/policies/json-threat-protection.md`). */
export default definePolicy({
  name: 'json-threat-protection',
  phase: 'access',
  summary: 'Refuses bodies that are no JSON, are ambiguous, or are beyond limits of depth, length and number',
  options,
  reasons: BODY_REASONS,
  create(config) {
    const limits = {
      containerDepth: limitOf(config.maxContainerDepth, MOST_DEPTH),
      stringValueLength: limitOf(config.maxStringValueLength),
      objectEntryNameLength: limitOf(config.maxObjectEntryNameLength),
      objectEntryCount: limitOf(config.maxObjectEntryCount),
      arrayElementCount: limitOf(config.maxArrayElementCount),
    };
    return bodyPolicy({
      field: 'maxContainerDepth',
      syntax: 'json',
      otherContentTypes: config.otherContentTypes,
      scan: (bytes) => scanJson(bytes, limits),
    });
  },
});
