import { expect, test } from 'vitest';
import { boundedAnswer } from '../../src/import/anypoint/client.ts';

test('of an answer that never ends no more is read than an answer may have', async () => {
  let sent = 0;
  const body = new ReadableStream<Uint8Array>({
    pull(controller) {
      sent += 1000;
      controller.enqueue(new Uint8Array(1000));
    },
  });
  await expect(boundedAnswer(new Response(body), 10_000).text()).rejects.toThrow('answered more than 10000 bytes');
  expect(sent).toBeLessThan(20_000);
  expect(await boundedAnswer(new Response('{"a": "ü"}'), 10_000).text()).toBe('{"a": "ü"}');
});
