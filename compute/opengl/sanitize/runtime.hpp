// The runtime of a kernel that spirv-cross has translated to C++. It replaces spirv-cross's own headers, which are not
// packaged: an invocation is a thread, and barrier() a pthread_barrier. main reads a dispatch from stdin, runs it and
// writes the buffers to stdout.
//
// Nothing orders the workgroups, so ThreadSanitizer finds races between them too. Shared memory and private variables
// begin as NaN. With AddressSanitizer the parts of a
// buffer that the dispatch does not declare as read or written cannot be accessed.
#define GLM_FORCE_SWIZZLE
#include <glm/common.hpp>
#include <glm/exponential.hpp>
#include <glm/geometric.hpp>
#include <glm/integer.hpp>
#include <glm/trigonometric.hpp>
#include <glm/vector_relational.hpp>
#include <glm/vec2.hpp>
#include <glm/vec3.hpp>
#include <glm/vec4.hpp>
#include <array>
#include <cstdint>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <new>
#include <pthread.h>
#ifdef __SANITIZE_ADDRESS__
#include <sanitizer/asan_interface.h>
#endif

// fill is the byte of memory that no invocation has written: four of them are a NaN.
constexpr int fill = 0xff;

// What stdin contains: the grid; the buffers with the ranges of bytes that are accessible; for each storage block the
// number of its buffer; and the values of the plain uniforms. The blocks and uniforms are in the order of the C++ code.
namespace job {
constexpr uint32_t most = 64;
uint32_t grid[2], buffers, blocks, uniforms;
uint32_t bytes[most], block[most], uniform[most][2];
char *data[most];

inline void input(void *to, size_t n) {
    if (fread(to, 1, n, stdin) != n) abort();
}
inline uint32_t word() {
    uint32_t w;
    input(&w, sizeof w);
    return w;
}
inline uint32_t count() {
    uint32_t n = word();
    if (n > most) abort();
    return n;
}

inline void read() {
    grid[0] = word(), grid[1] = word();
    buffers = count();
    for (uint32_t b = 0; b < buffers; b++) {
        bytes[b] = word();
        data[b] = static_cast<char *>(malloc(bytes[b]));
        input(data[b], bytes[b]);
#ifdef __SANITIZE_ADDRESS__
        __asan_poison_memory_region(data[b], bytes[b]);
#endif
        for (uint32_t ranges = word(); ranges > 0; ranges--) {
            uint32_t begin = word(), end = word();
#ifdef __SANITIZE_ADDRESS__
            __asan_unpoison_memory_region(data[b] + begin, end - begin);
#else
            (void)begin, (void)end;
#endif
        }
    }
    blocks = count();
    input(block, blocks * sizeof block[0]);
    uniforms = count();
    input(uniform, uniforms * sizeof uniform[0]);
}

inline void write() {
    for (uint32_t b = 0; b < buffers; b++) {
#ifdef __SANITIZE_ADDRESS__
        __asan_unpoison_memory_region(data[b], bytes[b]);
#endif
        fwrite(data[b], 1, bytes[b], stdout);
    }
    if (fflush(stdout) != 0) abort();
}
} // namespace job

// The names that the generated code uses.
struct spirv_cross_shader {
    uint32_t blocks = 0, uniforms = 0; // registered so far

    template <typename R> void register_resource(R &r, int, int) {
        if (blocks == job::blocks) abort();
        r.at = job::data[job::block[blocks++]];
    }
    template <typename U> void register_uniform_constant(U &u, int) {
        if (uniforms == job::uniforms) abort();
        memcpy(&u.value, job::uniform[uniforms++], sizeof u.value);
    }
};
typedef spirv_cross_shader spirv_cross_shader_t;
struct spirv_cross_interface {
    spirv_cross_shader *(*construct)();
    void (*destruct)(spirv_cross_shader *);
    void (*invoke)(spirv_cross_shader *);
};
const spirv_cross_interface *spirv_cross_get_interface();

namespace spirv_cross {
using namespace glm;

thread_local uvec3 gl_LocalInvocationID, gl_WorkGroupID, gl_NumWorkGroups, gl_GlobalInvocationID;
thread_local uint32_t gl_LocalInvocationIndex;

// A group waits at two barriers in turns. At a single one, an invocation that wakes up late would seem to be ordered
// after what others did until their next call.
thread_local pthread_barrier_t *barriers;
thread_local uint32_t waits;

inline void barrier() { pthread_barrier_wait(&barriers[waits++ % 2]); }

// spirv-cross omits memoryBarrierShared before a barrier. Alone it does not order invocations.
inline void memoryBarrierShared() {}

namespace internal {
template <typename T> struct Resource {
    void *at;
    T &get() { return *static_cast<T *>(at); }
};
template <typename T> struct UniformConstant {
    T value;
    const T &get() const { return value; }
};
} // namespace internal

struct ComputeResources {
    void init(spirv_cross_shader &) {}
};
struct ComputePrivateResources {};

template <typename Shader, typename Resources, uint32_t X, uint32_t Y, uint32_t Z>
struct ComputeShader : spirv_cross_shader {
    static constexpr uint32_t size = X * Y * Z;

    struct Group {
        Resources shared;
        pthread_barrier_t barriers[2];
    };
    struct Worker {
        Group *const *groups;
        uint32_t index;
        pthread_t thread;
    };

    // run runs one invocation of each workgroup, another one each time: two invocations with the same index in
    // their groups can race too.
    static void *run(void *arg) {
        const Worker *self = static_cast<Worker *>(arg);
        Shader *shader = static_cast<Shader *>(malloc(sizeof(Shader)));
        gl_NumWorkGroups = uvec3(job::grid[0], job::grid[1], 1);
        for (uint32_t g = 0; g < job::grid[0] * job::grid[1]; g++) {
            const uint32_t index = (self->index + g) % size;
            gl_LocalInvocationIndex = index;
            gl_LocalInvocationID = uvec3(index % X, index / X % Y, index / X / Y);
            gl_WorkGroupID = uvec3(g % job::grid[0], g / job::grid[0], 0);
            gl_GlobalInvocationID = gl_WorkGroupID * uvec3(X, Y, Z) + gl_LocalInvocationID;
            barriers = self->groups[g]->barriers;
            waits = 0;
            memset(static_cast<void *>(shader), fill, sizeof *shader);
            new (shader) Shader; // for variables with an initial value; -fno-lifetime-dse keeps the others
            shader->__res = &self->groups[g]->shared;
            shader->main();
        }
        free(shader);
        return nullptr;
    }

    // invoke runs all workgroups.
    void invoke() {
        const uint32_t count = job::grid[0] * job::grid[1];
        Group **groups = new Group *[count];
        for (uint32_t g = 0; g < count; g++) {
            groups[g] = static_cast<Group *>(malloc(sizeof(Group)));
            memset(static_cast<void *>(groups[g]), fill, sizeof(Group));
            blocks = uniforms = 0;
            groups[g]->shared.init(*this);
            for (pthread_barrier_t &b : groups[g]->barriers) pthread_barrier_init(&b, nullptr, size);
        }
        pthread_attr_t attributes;
        pthread_attr_init(&attributes);
        pthread_attr_setstacksize(&attributes, 256 << 10);
        Worker *workers = new Worker[size];
        for (uint32_t i = 0; i < size; i++) {
            workers[i].groups = groups, workers[i].index = i;
            if (pthread_create(&workers[i].thread, &attributes, run, &workers[i]) != 0) abort();
        }
        for (uint32_t i = 0; i < size; i++) pthread_join(workers[i].thread, nullptr);
        delete[] workers;
        for (uint32_t g = 0; g < count; g++) {
            for (pthread_barrier_t &b : groups[g]->barriers) pthread_barrier_destroy(&b);
            free(groups[g]);
        }
        delete[] groups;
    }
};
} // namespace spirv_cross

int main() {
    job::read();
    const spirv_cross_interface *kernel = spirv_cross_get_interface();
    spirv_cross_shader *shader = kernel->construct();
    kernel->invoke(shader);
    kernel->destruct(shader);
    job::write();
}
