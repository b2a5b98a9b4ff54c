import { z } from 'zod';
import { NO_EXTRAS } from '../policy/extras.ts';
import { definePolicy } from '../policy/policy.ts';
import type { Grant } from '../policy/policy.ts';
import { compilePattern } from '../policy/rules.ts';
import { HeaderNamesMeant } from '../request/header-names-meant.ts';
import { headerNameFor, ownerOf, spellingsOf } from './header-names.ts';

/** A text without special characters is a name. A name with a dot must be written as an expression. */
const PLAIN = /^[A-Za-z0-9_-]+$/;
const MAX_ENTRIES = 64;

const inboundName = headerNameFor('removed for the upstream');
const outboundName = headerNameFor('removed for the caller');

const inboundEntry = z.string().superRefine((source, context) => {
  if (PLAIN.test(source) || source.startsWith(':')) {
    for (const { message } of inboundName.safeParse(source).error?.issues ?? []) {
      context.addIssue({ code: 'custom', message });
    }
    return;
  }
  try {
    compilePattern(source, 'any case');
  } catch (error) {
    context.addIssue({ code: 'custom', message: (error as Error).message });
  }
});

const outboundEntry = z.string().superRefine((source, context) => {
  const problems =
    PLAIN.test(source) || source.startsWith(':')
      ? (outboundName.safeParse(source).error?.issues ?? []).map(({ message }) => message)
      : [
          "is an expression, and ostiary does not see the headers of an answer: name each, or take them off by Envoy's own filter header_mutation (docs/policies/elsewhere.md)",
        ];
  for (const message of problems) context.addIssue({ code: 'custom', message });
});

const options = z
  .strictObject({
    inboundHeaders: z
      .array(inboundEntry)
      .max(MAX_ENTRIES)
      .default([])
      .describe(
        'Names of request headers that the upstream does not see, or RE2 expressions for whole names, in any case',
      ),
    outboundHeaders: z
      .array(outboundEntry)
      .max(MAX_ENTRIES)
      .default([])
      .describe("Names of the upstream's response headers that lose their value"),
  })
  .superRefine(({ inboundHeaders, outboundHeaders }, context) => {
    if (inboundHeaders.length + outboundHeaders.length > 0) return;
    context.addIssue({ code: 'custom', path: ['inboundHeaders'], message: 'is empty, and so is outboundHeaders' });
  });

/** Removes headers from requests, and the values of headers from responses (`docs/policies/header-removal.md`). */
export default definePolicy({
  name: 'header-removal',
  phase: 'access',
  summary: 'Keeps request headers from the upstream, and values of response headers from the caller',
  options,
  warnings: ({ outboundHeaders }) => {
    if (!Array.isArray(outboundHeaders) || outboundHeaders.length === 0) return [];
    const message =
      'lose their values and keep their names, since Envoy takes no header off an answer for ostiary: response_headers_to_remove of a route takes them off (docs/policies/elsewhere.md)';
    return [{ path: ['outboundHeaders'], message }];
  },
  create({ inboundHeaders, outboundHeaders }) {
    const names = inboundHeaders.filter((entry) => PLAIN.test(entry)).map((name) => name.toLowerCase());
    const patterns = inboundHeaders
      .filter((entry) => !PLAIN.test(entry))
      .map((source) => compilePattern(source, 'any case'));
    const extras =
      outboundHeaders.length === 0
        ? {}
        : { ...NO_EXTRAS, emptyResponse: outboundHeaders.map((name) => name.toLowerCase()) };
    const fixed: Grant = { ...extras, remove: names };
    const spellings = spellingsOf(names);
    const meant = new HeaderNamesMeant(
      (name) => ownerOf(name, 'removed for the upstream') === undefined && patterns.some((matches) => matches(name)),
    );
    return {
      phase: 'access',
      identityHeaders: [],
      decide(request): Grant {
        const found =
          patterns.length === 0
            ? spellings(request)
            : [...spellings(request), ...request.check.headerNamesMeant(meant)];
        return found.length === 0 ? fixed : { ...extras, remove: [...names, ...found] };
      },
    };
  },
});
