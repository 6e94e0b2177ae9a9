/** What the balancers do while a service is turned over from one set of tasks to another. */
import type { Progress } from './layer.ts';

/** The balancers as the stack may use them: by the names of services and their colors, not of servers. */
export interface Traffic {
  /** `holding` takes nothing new on any balancer, `serving` does; returns once `holding` is idle. */
  hold(
    turn: { service: string; serving: 'blue' | 'green'; holding: 'blue' | 'green' },
    progress: Progress,
  ): Promise<void>;
  /**
   * Waits until the checks of `to` pass on every balancer for the nodes named, then lets it serve in place of `from`, on
   * each balancer at once; returns once `from` is idle, or its time is up.
   *
   * @throws UserError when the checks don't pass in time: nothing was turned over then.
   */
  turn(
    turn: { service: string; to: 'blue' | 'green'; from: 'blue' | 'green'; nodes: string[] },
    progress: Progress,
  ): Promise<void>;
  /** Forgets that a color was held back: its tasks are gone, and its checks tell the rest. */
  release(turn: { service: string; color: 'blue' | 'green' }): Promise<void>;
}
