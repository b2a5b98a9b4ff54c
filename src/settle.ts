/**
 * Continues with a value: at once if it is available, otherwise when the promise settles. So a value that is available
 * needs no promise.
 * @param failed called with the error if the promise rejects; absent: the result rejects
 */
export function settle<Value, Result>(
  value: Value | Promise<Value>,
  ok: (value: Value) => Result | Promise<Result>,
  failed?: (error: unknown) => Result | Promise<Result>,
): Result | Promise<Result> {
  return value instanceof Promise ? value.then(ok, failed) : ok(value);
}
