//! The filter of system calls, the same inside both kinds of walls.
//!
//! A list of what is refused, not of what is allowed: what Python, numpy, Cairo and an encoder call differs from one
//! library and kernel to the next, and a scene that fails for that would be paid for again and again. What is refused is
//! what a scene never needs: another process, a socket, a namespace, another's memory, and the corners of the kernel that
//! its bugs are usually found in.

use std::collections::BTreeMap;

use libc::c_long;
use seccompiler::{
    BpfProgram, SeccompAction, SeccompCmpArgLen, SeccompCmpOp, SeccompCondition, SeccompFilter,
    SeccompRule, sock_filter,
};

/// Refused outright, with EPERM.
const REFUSED: &[c_long] = &[
    // The network, and sockets that other processes listen on: without a first call there is no second.
    libc::SYS_socket,
    libc::SYS_socketpair,
    // io_uring opens sockets past this filter.
    libc::SYS_io_uring_setup,
    libc::SYS_io_uring_enter,
    libc::SYS_io_uring_register,
    // Namespaces and mounts.
    libc::SYS_unshare,
    libc::SYS_setns,
    libc::SYS_mount,
    libc::SYS_umount2,
    libc::SYS_pivot_root,
    libc::SYS_chroot,
    libc::SYS_open_tree,
    libc::SYS_move_mount,
    libc::SYS_fsopen,
    libc::SYS_fsconfig,
    libc::SYS_fsmount,
    libc::SYS_fspick,
    libc::SYS_mount_setattr,
    libc::SYS_name_to_handle_at,
    libc::SYS_open_by_handle_at,
    // Other processes: their memory, their files, their priority.
    libc::SYS_ptrace,
    libc::SYS_process_vm_readv,
    libc::SYS_process_vm_writev,
    libc::SYS_process_madvise,
    libc::SYS_pidfd_open,
    libc::SYS_pidfd_getfd,
    libc::SYS_pidfd_send_signal,
    libc::SYS_kcmp,
    libc::SYS_setpriority,
    libc::SYS_ioprio_set,
    libc::SYS_sched_setparam,
    libc::SYS_sched_setscheduler,
    libc::SYS_sched_setattr,
    libc::SYS_migrate_pages,
    libc::SYS_move_pages,
    // Memory that outlives the process or that others see.
    libc::SYS_shmget,
    libc::SYS_shmat,
    libc::SYS_semget,
    libc::SYS_msgget,
    libc::SYS_mq_open,
    // Corners of the kernel.
    libc::SYS_bpf,
    libc::SYS_perf_event_open,
    libc::SYS_userfaultfd,
    libc::SYS_keyctl,
    libc::SYS_add_key,
    libc::SYS_request_key,
    libc::SYS_fanotify_init,
    libc::SYS_personality,
    libc::SYS_kexec_load,
    libc::SYS_kexec_file_load,
    libc::SYS_init_module,
    libc::SYS_finit_module,
    libc::SYS_delete_module,
    libc::SYS_reboot,
    libc::SYS_swapon,
    libc::SYS_swapoff,
    libc::SYS_acct,
    libc::SYS_quotactl,
    libc::SYS_syslog,
    libc::SYS_settimeofday,
    libc::SYS_clock_settime,
    libc::SYS_adjtimex,
    libc::SYS_clock_adjtime,
    libc::SYS_sethostname,
    libc::SYS_setdomainname,
    libc::SYS_vhangup,
    #[cfg(target_arch = "x86_64")]
    libc::SYS_fork,
    #[cfg(target_arch = "x86_64")]
    libc::SYS_vfork,
    #[cfg(target_arch = "x86_64")]
    libc::SYS_iopl,
    #[cfg(target_arch = "x86_64")]
    libc::SYS_ioperm,
    #[cfg(target_arch = "x86_64")]
    libc::SYS_modify_ldt,
];

/// Flags of `clone` that make namespaces.
const NAMESPACES: [i32; 7] = [
    libc::CLONE_NEWNS,
    libc::CLONE_NEWCGROUP,
    libc::CLONE_NEWUTS,
    libc::CLONE_NEWIPC,
    libc::CLONE_NEWUSER,
    libc::CLONE_NEWPID,
    libc::CLONE_NEWNET,
];

/// Above this number x86-64 has a second table of the same calls (x32), which the filter does not name.
#[cfg(target_arch = "x86_64")]
const SECOND_TABLE: u32 = 0x4000_0000;

/// The filters, to be installed one after the other: what any of them refuses is refused.
///
/// `only_process` is for walls that do not hide other processes: signals and limits then reach that process alone.
///
/// # Errors
/// If the machine is of a kind that the filter is not written for.
pub(crate) fn filters(only_process: Option<u32>) -> Result<[BpfProgram; 2], String> {
    let mut refused: BTreeMap<i64, Vec<SeccompRule>> = BTreeMap::new();
    for call in REFUSED {
        refused.insert(*call, Vec::new());
    }
    // `clone` makes threads, and nothing else.
    let mut clone = vec![rule(&[(
        0,
        SeccompCmpOp::MaskedEq(flag(libc::CLONE_THREAD)),
        0,
    )])?];
    for namespace in NAMESPACES {
        let namespace = flag(namespace);
        clone.push(rule(&[(0, SeccompCmpOp::MaskedEq(namespace), namespace)])?);
    }
    refused.insert(libc::SYS_clone, clone);
    if let Some(process) = only_process {
        let process = u64::from(process);
        let others = || rule(&[(0, SeccompCmpOp::Ne, process)]);
        refused.insert(libc::SYS_kill, vec![others()?]);
        refused.insert(libc::SYS_tgkill, vec![others()?]);
        refused.insert(libc::SYS_tkill, Vec::new());
        refused.insert(libc::SYS_rt_sigqueueinfo, Vec::new());
        refused.insert(libc::SYS_rt_tgsigqueueinfo, Vec::new());
        refused.insert(
            libc::SYS_prlimit64,
            vec![rule(&[
                (0, SeccompCmpOp::Ne, 0),
                (0, SeccompCmpOp::Ne, process),
            ])?],
        );
        // Zero is the calling thread.
        refused.insert(
            libc::SYS_sched_setaffinity,
            vec![rule(&[
                (0, SeccompCmpOp::Ne, 0),
                (0, SeccompCmpOp::Ne, process),
            ])?],
        );
    }
    // `clone3` hides its flags from filters. "No such call" makes the C library use `clone`.
    let hidden = BTreeMap::from([(libc::SYS_clone3, Vec::new())]);
    Ok([
        compiled(refused, libc::EPERM)?,
        compiled(hidden, libc::ENOSYS)?,
    ])
}

/// Bytes of a filter as bubblewrap reads them.
pub(crate) fn bytes(program: &BpfProgram) -> Vec<u8> {
    let mut bytes = Vec::with_capacity(program.len() * 8);
    for step in program {
        bytes.extend(step.code.to_ne_bytes());
        bytes.extend([step.jt, step.jf]);
        bytes.extend(step.k.to_ne_bytes());
    }
    bytes
}

fn compiled(rules: BTreeMap<i64, Vec<SeccompRule>>, errno: i32) -> Result<BpfProgram, String> {
    let arch = std::env::consts::ARCH
        .try_into()
        .map_err(|_| format!("the filter is not written for {}", std::env::consts::ARCH))?;
    let filter = SeccompFilter::new(
        rules,
        SeccompAction::Allow,
        SeccompAction::Errno(errno.unsigned_abs()),
        arch,
    )
    .map_err(|error| format!("the filter of system calls is wrong: {error}"))?;
    let program: BpfProgram = filter
        .try_into()
        .map_err(|error| format!("the filter of system calls cannot be compiled: {error}"))?;
    Ok(without_second_table(program))
}

/// The same program behind a check that ends whoever calls through the second table.
#[cfg(target_arch = "x86_64")]
fn without_second_table(program: BpfProgram) -> BpfProgram {
    const LOAD_NUMBER: u16 = 0x20;
    const JUMP_IF_AT_LEAST: u16 = 0x35;
    const RETURN: u16 = 0x06;
    const KILL_PROCESS: u32 = 0x8000_0000;
    let step = |code, jt, jf, k| sock_filter { code, jt, jf, k };
    let mut whole = vec![
        step(LOAD_NUMBER, 0, 0, 0),
        step(JUMP_IF_AT_LEAST, 0, 1, SECOND_TABLE),
        step(RETURN, 0, 0, KILL_PROCESS),
    ];
    whole.extend(program);
    whole
}

#[cfg(not(target_arch = "x86_64"))]
fn without_second_table(program: BpfProgram) -> BpfProgram {
    program
}

fn flag(flag: i32) -> u64 {
    u64::from(flag.cast_unsigned())
}

/// A rule that matches when all its conditions do; numbers are compared as 32 bits, as the kernel reads them.
fn rule(conditions: &[(u8, SeccompCmpOp, u64)]) -> Result<SeccompRule, String> {
    conditions
        .iter()
        .map(|(argument, operator, value)| {
            SeccompCondition::new(*argument, SeccompCmpArgLen::Dword, operator.clone(), *value)
        })
        .collect::<Result<Vec<_>, _>>()
        .and_then(SeccompRule::new)
        .map_err(|error| format!("a rule of the filter of system calls is wrong: {error}"))
}
