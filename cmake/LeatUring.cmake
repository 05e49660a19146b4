# With liburing a tap link carries many frames in each system call. Without it each frame takes one call.
find_path(LEAT_URING_INCLUDE liburing.h)
find_library(LEAT_URING_LIBRARY uring)
set(leat_uring_libraries "")
if(LEAT_URING AND LEAT_URING_INCLUDE AND LEAT_URING_LIBRARY)
  set(leat_uring_libraries "${LEAT_URING_LIBRARY}")
elseif(LEAT_URING)
  message(STATUS "liburing was not found (Debian: liburing-dev): tap: and tun: links take a system call a frame")
endif()
