import { stackNamespaceLabel } from '../engine-types.ts';
import type { ComposeStack } from './compose-types.ts';
import type { Report } from './report.ts';

/** What turning a merged compose stack into Engine API objects needs. */
export interface ConvertContext {
  /** Name of the stack. */
  stack: string;
  compose: ComposeStack;
  report: Report;
}

/** The name of one of the stack's objects in the swarm. */
export function scopeName(context: ConvertContext, key: string): string {
  return `${context.stack}_${key}`;
}

/** The user's labels with the one that says which stack the object belongs to. */
export function addStackLabel(
  context: ConvertContext,
  labels: Record<string, string> | undefined,
): Record<string, string> {
  return { ...labels, [stackNamespaceLabel]: context.stack };
}

/** The API's `omitempty`: leaves out what is undefined, empty, zero or false. */
export function omitEmpty<T extends object>(value: T): { [Key in keyof T]?: Exclude<T[Key], undefined> } {
  return Object.fromEntries(Object.entries(value).filter(([, one]) => !isEmpty(one))) as {
    [Key in keyof T]?: Exclude<T[Key], undefined>;
  };
}

function isEmpty(value: unknown): boolean {
  if (value === undefined || value === null || value === '' || value === 0 || value === false) return true;
  return Array.isArray(value) && value.length === 0;
}

/** As for a map in the API: left out when it has no entry. */
export function omitEmptyMap(value: Record<string, string> | undefined): Record<string, string> | undefined {
  return value && Object.keys(value).length > 0 ? { ...value } : undefined;
}

export function compareText(a: string, b: string): number {
  // bytes, not UTF-16 units: that is the order the real command sorts by
  return Buffer.compare(Buffer.from(a), Buffer.from(b));
}
