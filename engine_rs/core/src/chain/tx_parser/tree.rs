//! Which call asked for which, and the log frame of each.

use super::message::Instruction;
use super::read::MAX_CALLS;
use crate::chain::base58::Pubkey;
use crate::chain::log_parser::Trace;

/// One call of a program in a transaction.
#[derive(Debug, Clone, Copy)]
pub(super) struct Node<'a> {
    pub(super) program: Pubkey,
    /// Empty if only the logs know of the call.
    pub(super) accounts: &'a [Pubkey],
    pub(super) data: &'a [u8],
    pub(super) instruction: u32,
    pub(super) inner: Option<u32>,
    pub(super) depth: u32,
    /// The call that asked for it, by its place in the list.
    pub(super) parent: Option<usize>,
    /// The frame of the trace that is this call.
    pub(super) frame: Option<u32>,
}

/// Returns the calls in the order in which they happened, and whether the frames are theirs one by one.
pub(super) fn nodes<'a>(
    top: &'a [Instruction],
    inner: &'a [Vec<Instruction>],
    trace: Option<&Trace>,
) -> (Vec<Node<'a>>, bool) {
    let groups = trace.map(groups).unwrap_or_default();
    let mut groups = groups.iter().peekable();
    let (mut nodes, mut aligned) = (
        Vec::new(),
        trace.is_some_and(|trace| trace.misfits == 0 && trace.frames.len() <= MAX_CALLS),
    );
    for (at, (call, asked)) in top.iter().zip(inner).enumerate() {
        let own = trace.and_then(|trace| {
            // A call without frames is one that the runtime makes itself, or one after the end of the logs.
            let of_call =
                |group: &&Vec<u32>| trace.frames[group[0] as usize].program == call.program;
            groups.next_if(of_call).map(|group| (trace, group))
        });
        aligned &= add(&mut nodes, at as u32, (call, asked), own);
    }
    (nodes, aligned && groups.next().is_none())
}

/// Returns the frames of each call of the transaction itself.
fn groups(trace: &Trace) -> Vec<Vec<u32>> {
    let mut groups: Vec<Vec<u32>> = Vec::new();
    if trace.misfits > 0 || trace.frames.len() > MAX_CALLS {
        return groups;
    }
    for (at, frame) in trace.frames.iter().enumerate() {
        match groups.last_mut() {
            Some(group) if frame.depth > 1 => group.push(at as u32),
            _ => groups.push(vec![at as u32]),
        }
    }
    groups
}

/// Adds one instruction and those it asked for; returns whether its frames are theirs.
fn add<'a>(
    nodes: &mut Vec<Node<'a>>,
    instruction: u32,
    (call, asked): (&'a Instruction, &'a [Instruction]),
    own: Option<(&Trace, &Vec<u32>)>,
) -> bool {
    let first = nodes.len();
    let node = Node {
        program: call.program,
        accounts: &call.accounts,
        data: &call.data,
        instruction,
        inner: None,
        depth: 1,
        parent: None,
        frame: own.map(|(_, frames)| frames[0]),
    };
    nodes.push(node);
    let frames = own.map_or(&[][..], |(_, frames)| &frames[1..]);
    let (mut fits, mut known) = (true, true);
    for at in 0..asked.len().max(frames.len()) {
        let frame = own
            .zip(frames.get(at))
            .map(|((trace, _), &index)| (index, trace.frame(index)));
        let mut next = Node {
            inner: Some(at as u32),
            ..node
        };
        if let Some(call) = asked.get(at) {
            let differs = frame.is_some_and(|(_, frame)| {
                let height = call
                    .height
                    .is_some_and(|height| height != u64::from(frame.depth));
                frame.program != call.program || height
            });
            known &= !differs;
            fits &= known && (frame.is_some() || own.is_none());
            (next.program, next.accounts, next.data) = (call.program, &call.accounts, &call.data);
            next.frame = frame.filter(|_| known).map(|(index, _)| index);
            let depth = call.height.unwrap_or_else(|| match frame {
                Some((_, frame)) if known => u64::from(frame.depth),
                _ => 2,
            });
            next.depth = depth.clamp(2, 64) as u32;
        } else if let (Some((index, frame)), true) = (frame, known) {
            fits &= asked.is_empty();
            (next.program, next.accounts, next.data) = (frame.program, &[], &[]);
            (next.frame, next.depth) = (Some(index), frame.depth);
        } else {
            break;
        }
        let above = (first..nodes.len())
            .rev()
            .find(|&at| nodes[at].depth < next.depth);
        next.parent = above;
        nodes.push(next);
    }
    fits
}
