/**
 * The answer, or an error once it has taken too long; the call itself goes on.
 *
 * @param explain makes that error of the seconds that were waited.
 */
export async function within<Value>(
  timeoutMs: number,
  call: Promise<Value>,
  explain = (seconds: number): Error => new Error(`no answer within ${seconds} s`),
): Promise<Value> {
  let timer: NodeJS.Timeout | undefined;
  const expired = new Promise<never>((_, reject) => {
    timer = setTimeout(() => reject(explain(timeoutMs / 1000)), timeoutMs);
  });
  try {
    return await Promise.race([call, expired]);
  } finally {
    clearTimeout(timer);
  }
}
