//! Tasks with items: how many run at once, and what their ends make of the task.

use serde_json::Value;

use super::Conductor;
use super::offer::Offer;
use super::parts::Part;
use super::state::{Item, List, TaskStatus};

impl Conductor {
    /// Starts further items of every task that has room for some.
    pub(super) fn more_items(&mut self, offers: &mut Vec<Offer>) {
        let open = |run: &&usize| {
            let run = &self.state.runs[**run];
            let stands = matches!(run.status, TaskStatus::Running | TaskStatus::Paused);
            stands && run.list.as_ref().is_some_and(|list| list.next < list.total && list.waiting == 0)
        };
        let runs: Vec<usize> = self.live.iter().filter(open).copied().collect();
        for run in runs {
            if self.may_start(self.state.runs[run].on_fail) {
                self.start_items(run, 0, offers);
            }
        }
    }

    /// Starts as many items of a run as there is room for, in index order.
    pub(super) fn start_items(&mut self, run: usize, delay: u64, offers: &mut Vec<Offer>) {
        let before = offers.len();
        while let Some((index, call)) = self.next_item(run) {
            self.dirty.insert(Part::Item(run, index));
            offers.push(self.offer(run, Some(index), call, delay));
        }
        if offers.len() > before {
            self.dirty.insert(Part::Run(run));
            if self.state.runs[run].status != TaskStatus::Running {
                self.run_status(run, TaskStatus::Running);
            }
        }
    }

    /// Takes the next item that was not started, if there is room for it.
    fn next_item(&mut self, run: usize) -> Option<(usize, super::state::Call)> {
        let list = self.state.runs[run].list.as_mut()?;
        let items = self.state.items.get_mut(&run)?;
        while list.room() > 0 && list.next < list.total {
            let index = list.next;
            list.next += 1;
            if let Some(call) = items[index].call.take() {
                items[index].status = Some(TaskStatus::Running);
                list.running += 1;
                return Some((index, call));
            }
        }
        None
    }

    /// Notes the end of an item and says what the task is now.
    pub(super) fn item_ended(
        &mut self,
        run: usize,
        index: usize,
        status: TaskStatus,
        result: Value,
    ) -> TaskStatus {
        self.dirty.extend([Part::Item(run, index), Part::Run(run)]);
        let current = self.state.runs[run].status;
        let Some(item) = self.state.items.get_mut(&run).and_then(|items| items.get_mut(index)) else {
            return current;
        };
        let before = std::mem::replace(item, Item { status: Some(status), result, call: None }).status;
        let Some(list) = self.state.runs[run].list.as_mut() else { return current };
        if before == Some(TaskStatus::Running) {
            list.running -= 1;
        } else {
            list.waiting -= 1;
        }
        *counter(list, status) += 1;
        let task = judge(current, list);
        let left = task == TaskStatus::Running && list.running == 0;
        // Nothing starts what is left, so nothing runs here: a task that failed elsewhere, or a pause that came
        // before the first item, would else be waited for without an end.
        if left && !self.may_start(self.state.runs[run].on_fail) { TaskStatus::Paused } else { task }
    }

    /// The results of the items in index order; null for those that have none.
    pub(super) fn item_results(&self, run: usize) -> Value {
        let items = self.state.items.get(&run).map_or(&[][..], Vec::as_slice);
        items.iter().map(|item| item.result.clone()).collect()
    }
}

fn counter(list: &mut List, status: TaskStatus) -> &mut usize {
    match status {
        TaskStatus::Succeeded => &mut list.succeeded,
        TaskStatus::Failed => &mut list.failed,
        TaskStatus::Canceled => &mut list.canceled,
        TaskStatus::Pending | TaskStatus::Paused => &mut list.waiting,
        _ => &mut list.running,
    }
}

/// What a task is, from how many of its items are what.
fn judge(current: TaskStatus, list: &List) -> TaskStatus {
    let canceling = current == TaskStatus::Canceling;
    if list.running > 0 {
        return current;
    }
    match list {
        List { waiting: 1.., .. } if canceling => TaskStatus::Canceled,
        List { waiting: 1.., .. } => TaskStatus::Pending,
        List { canceled: 1.., .. } => TaskStatus::Canceled,
        List { failed: 1.., .. } if canceling => TaskStatus::Canceled,
        List { failed: 1.., .. } => TaskStatus::Failed,
        list if list.complete() => TaskStatus::Succeeded,
        _ if canceling => TaskStatus::Canceled,
        _ if current == TaskStatus::Pausing => TaskStatus::Paused,
        _ => TaskStatus::Running,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_task_fails_when_no_other_item_runs() {
        let mut list = List { total: 4, next: 2, running: 1, failed: 1, ..List::default() };
        assert_eq!(judge(TaskStatus::Running, &list), TaskStatus::Running);
        assert_eq!(list.room(), 0, "nothing starts after a failure");
        list.running = 0;
        assert_eq!(judge(TaskStatus::Running, &list), TaskStatus::Failed);
        assert_eq!(judge(TaskStatus::Canceling, &list), TaskStatus::Canceled);
    }

    #[test]
    fn items_that_are_left_make_a_paused_task() {
        let list = List { total: 4, next: 2, succeeded: 2, ..List::default() };
        assert_eq!(judge(TaskStatus::Pausing, &list), TaskStatus::Paused);
        assert_eq!(judge(TaskStatus::Canceling, &list), TaskStatus::Canceled);
    }
}
