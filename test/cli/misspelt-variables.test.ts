import { expect, test } from 'vitest';
import { misspeltVariables } from '../../src/cli/misspelt-variables.ts';

test('a misspelt variable is told with the one that was meant', () => {
  expect(misspeltVariables({ OSTIARY_LISTN: 'x', OSTIARY_POLICYS: 'x', OSTIARY_REDIS: 'x', PATH: 'x' })).toEqual([
    'OSTIARY_LISTN is not a variable of ostiary serve: did you mean OSTIARY_LISTEN?',
    'OSTIARY_POLICYS is not a variable of ostiary serve: did you mean OSTIARY_POLICIES?',
  ]);
});

test("what Kubernetes sets for a Service of that name is not, nor what documents read, nor another command's", () => {
  const names = [
    'OSTIARY_SERVICE_HOST',
    'OSTIARY_SERVICE_PORT',
    'OSTIARY_SERVICE_PORT_GRPC',
    'OSTIARY_PORT',
    'OSTIARY_PORT_9191_TCP_ADDR',
    'OSTIARY_REDIS_PORT',
    'OSTIARY_API',
    'OSTIARY_WEB_SHOP_SECRET',
  ];
  expect(misspeltVariables(Object.fromEntries(names.map((name) => [name, 'x'])))).toEqual([]);
});
