import type { Change } from '../plan/change.ts';
import { neutralise } from './terminal.ts';

/** One line for a change: its host, its object where that tells more than the title does, its title. */
export function describeChange({ object, title }: Pick<Change, 'object' | 'title'>): string {
  const { type, name, host } = object;
  // A path stands among the fields below, and an object of which a host has only one needs no name.
  const told = title.includes(name) || name.startsWith('/') || (host !== undefined && type === name);
  const words = told ? title : `${type} ${name}: ${title}`;
  return neutralise(host === undefined ? words : `${host}  ${words}`);
}
