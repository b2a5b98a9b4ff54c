/**
 * Goes on with a value: at once where it is there, else when it comes. So what needs no waiting makes no promise.
 * @param failed told why where it never comes; absent: the failure is the result's
 */
export function settle<Value, Result>(
  value: Value | Promise<Value>,
  ok: (value: Value) => Result | Promise<Result>,
  failed?: (error: unknown) => Result | Promise<Result>,
): Result | Promise<Result> {
  return value instanceof Promise ? value.then(ok, failed) : ok(value);
}
