// pipelines compiles SPIR-V files with the Vulkan driver's compiler and prints its statistics of each, one a line:
// the file, a tab, the statistic, a tab, its value. It needs no GPU: with RADV_FORCE_FAMILY=navi21 the driver of AMD's
// GPUs offers a device that compiles but does not run.
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <vulkan/vulkan.h>

static void fail(const char *format, ...) {
    va_list args;
    va_start(args, format);
    fputs("pipelines: ", stderr);
    vfprintf(stderr, format, args);
    fputc('\n', stderr);
    va_end(args);
    exit(1);
}

static void check(VkResult r, const char *what) {
    if (r != VK_SUCCESS) fail("%s: VkResult %d", what, r);
}

static VkDevice open_device(void) {
    VkApplicationInfo app = {.sType = VK_STRUCTURE_TYPE_APPLICATION_INFO, .apiVersion = VK_API_VERSION_1_2};
    VkInstanceCreateInfo info = {.sType = VK_STRUCTURE_TYPE_INSTANCE_CREATE_INFO, .pApplicationInfo = &app};
    VkInstance instance;
    check(vkCreateInstance(&info, NULL, &instance), "vkCreateInstance");
    uint32_t n = 1;
    VkPhysicalDevice physical;
    VkResult r = vkEnumeratePhysicalDevices(instance, &n, &physical);
    if (r != VK_INCOMPLETE) check(r, "vkEnumeratePhysicalDevices");
    if (n == 0) fail("no Vulkan device");
    VkPhysicalDeviceProperties properties;
    vkGetPhysicalDeviceProperties(physical, &properties);
    printf("device\tname\t%s\n", properties.deviceName);

    VkPhysicalDevicePipelineExecutablePropertiesFeaturesKHR statistics = {
        .sType = VK_STRUCTURE_TYPE_PHYSICAL_DEVICE_PIPELINE_EXECUTABLE_PROPERTIES_FEATURES_KHR,
        .pipelineExecutableInfo = VK_TRUE};
    const char *extension = VK_KHR_PIPELINE_EXECUTABLE_PROPERTIES_EXTENSION_NAME;
    float priority = 1;
    VkDeviceQueueCreateInfo queue = {
        .sType = VK_STRUCTURE_TYPE_DEVICE_QUEUE_CREATE_INFO, .queueCount = 1, .pQueuePriorities = &priority};
    VkDeviceCreateInfo create = {.sType = VK_STRUCTURE_TYPE_DEVICE_CREATE_INFO,
                                 .pNext = &statistics,
                                 .queueCreateInfoCount = 1,
                                 .pQueueCreateInfos = &queue,
                                 .enabledExtensionCount = 1,
                                 .ppEnabledExtensionNames = &extension};
    VkDevice device;
    check(vkCreateDevice(physical, &create, NULL, &device), "vkCreateDevice");
    return device;
}

// layout has storage blocks at bindings 0 to 7, and uniform blocks at those of the arguments of glslang.
static VkPipelineLayout make_layout(VkDevice device) {
    VkDescriptorSetLayoutBinding bindings[10];
    for (uint32_t i = 0; i < 10; i++) {
        bindings[i] = (VkDescriptorSetLayoutBinding){
            .binding = i < 8 ? i : i == 8 ? 20 : 30,
            .descriptorType = i < 8 ? VK_DESCRIPTOR_TYPE_STORAGE_BUFFER : VK_DESCRIPTOR_TYPE_UNIFORM_BUFFER,
            .descriptorCount = 1,
            .stageFlags = VK_SHADER_STAGE_COMPUTE_BIT};
    }
    VkDescriptorSetLayoutCreateInfo set_info = {.sType = VK_STRUCTURE_TYPE_DESCRIPTOR_SET_LAYOUT_CREATE_INFO,
                                                .bindingCount = 10,
                                                .pBindings = bindings};
    VkDescriptorSetLayout set;
    check(vkCreateDescriptorSetLayout(device, &set_info, NULL, &set), "vkCreateDescriptorSetLayout");
    VkPipelineLayoutCreateInfo info = {
        .sType = VK_STRUCTURE_TYPE_PIPELINE_LAYOUT_CREATE_INFO, .setLayoutCount = 1, .pSetLayouts = &set};
    VkPipelineLayout layout;
    check(vkCreatePipelineLayout(device, &info, NULL, &layout), "vkCreatePipelineLayout");
    return layout;
}

static VkPipeline compile(VkDevice device, VkPipelineLayout layout, const char *path) {
    static uint32_t code[1 << 20];
    FILE *f = fopen(path, "rb");
    if (f == NULL) fail("%s: cannot be opened", path);
    size_t bytes = fread(code, 1, sizeof code, f);
    if (ferror(f) || !feof(f)) fail("%s: cannot be read, or is too long", path);
    fclose(f);
    VkShaderModuleCreateInfo module_info = {
        .sType = VK_STRUCTURE_TYPE_SHADER_MODULE_CREATE_INFO, .codeSize = bytes, .pCode = code};
    VkShaderModule module;
    check(vkCreateShaderModule(device, &module_info, NULL, &module), path);
    VkComputePipelineCreateInfo info = {.sType = VK_STRUCTURE_TYPE_COMPUTE_PIPELINE_CREATE_INFO,
                                        .flags = VK_PIPELINE_CREATE_CAPTURE_STATISTICS_BIT_KHR,
                                        .stage = {.sType = VK_STRUCTURE_TYPE_PIPELINE_SHADER_STAGE_CREATE_INFO,
                                                  .stage = VK_SHADER_STAGE_COMPUTE_BIT,
                                                  .module = module,
                                                  .pName = "main"},
                                        .layout = layout};
    VkPipeline pipeline;
    check(vkCreateComputePipelines(device, VK_NULL_HANDLE, 1, &info, NULL, &pipeline), path);
    return pipeline;
}

static void print_statistics(VkDevice device, VkPipeline pipeline, const char *path) {
    PFN_vkGetPipelineExecutableStatisticsKHR get =
        (PFN_vkGetPipelineExecutableStatisticsKHR)vkGetDeviceProcAddr(device, "vkGetPipelineExecutableStatisticsKHR");
    if (get == NULL) fail("the driver has no vkGetPipelineExecutableStatisticsKHR");
    VkPipelineExecutableInfoKHR executable = {.sType = VK_STRUCTURE_TYPE_PIPELINE_EXECUTABLE_INFO_KHR,
                                              .pipeline = pipeline};
    uint32_t n = 64;
    VkPipelineExecutableStatisticKHR list[64];
    for (uint32_t i = 0; i < n; i++) {
        list[i] = (VkPipelineExecutableStatisticKHR){.sType = VK_STRUCTURE_TYPE_PIPELINE_EXECUTABLE_STATISTIC_KHR};
    }
    check(get(device, &executable, &n, list), path);
    for (uint32_t i = 0; i < n; i++) {
        if (list[i].format != VK_PIPELINE_EXECUTABLE_STATISTIC_FORMAT_UINT64_KHR) continue;
        printf("%s\t%s\t%llu\n", path, list[i].name, (unsigned long long)list[i].value.u64);
    }
}

int main(int argc, char **argv) {
    VkDevice device = open_device();
    VkPipelineLayout layout = make_layout(device);
    for (int i = 1; i < argc; i++) print_statistics(device, compile(device, layout, argv[i]), argv[i]);
    return fflush(stdout) == 0 ? 0 : 1;
}
