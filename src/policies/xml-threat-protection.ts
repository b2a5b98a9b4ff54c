import { z } from 'zod';
import { definePolicy } from '../policy/policy.ts';
import { BODY_REASONS, bodyPolicy, limitOf, limitOption, otherContentTypes } from './request-body.ts';
import { scanXml } from './xml-scan.ts';

/** Open elements are remembered, and recursive parsers fail on deeper nesting. */
const MOST_DEPTH = 10_000;
const ANY = Number.MAX_SAFE_INTEGER;

const options = z.strictObject({
  maxNodeDepth: limitOption(MOST_DEPTH).describe(
    `How deep elements may be nested; the root by itself is 1. -1: ${MOST_DEPTH}`,
  ),
  maxAttributeCountPerElement: limitOption(ANY).describe('Attributes of an element. -1: any number'),
  maxChildCount: limitOption(ANY).describe('Elements, texts and comments right below an element. -1: any number'),
  maxTextLength: limitOption(ANY).describe('Length of a text, in bytes as it is written. -1: any'),
  maxAttributeLength: limitOption(ANY).describe('Length of the value of an attribute, in bytes. -1: any'),
  maxCommentLength: limitOption(ANY).describe('Length of a comment, in bytes. -1: any'),
  otherContentTypes: otherContentTypes.describe(
    'Bodies whose content-type names something else than XML: check refuses those that are no XML',
  ),
});

/**
 * Only well-formed XML within limits and without a document type may pass (`docs/policies/xml-threat-protection.md`).
 */
export default definePolicy({
  name: 'xml-threat-protection',
  phase: 'access',
  summary: 'Refuses bodies that are no XML, have a document type, or are beyond limits of depth, length and number',
  options,
  reasons: BODY_REASONS,
  create(config) {
    const limits = {
      nodeDepth: limitOf(config.maxNodeDepth, MOST_DEPTH),
      attributeCount: limitOf(config.maxAttributeCountPerElement),
      childCount: limitOf(config.maxChildCount),
      textLength: limitOf(config.maxTextLength),
      attributeLength: limitOf(config.maxAttributeLength),
      commentLength: limitOf(config.maxCommentLength),
    };
    return bodyPolicy({
      field: 'maxNodeDepth',
      syntax: 'xml',
      otherContentTypes: config.otherContentTypes,
      scan: (bytes) => scanXml(bytes, limits),
    });
  },
});
